/**
 * A gibibyte out of a child and into one, over pipes and sockets, the slow and those who do not
 * read at all: whether every byte arrives, and what this program and the kernel hold meanwhile.
 */
import {
  bringIn,
  type Flow,
  MIB,
  takenUnread,
  takeOut,
  writtenUnread,
} from "../../tests/support/flow.ts";

const [GIBIBYTE, SLOW] = [1024 * MIB, 32 * MIB];
/** What is garbage until the runtime collects it. */
const MOST_HELD_MIB = 120;
/** A full pipe and what the stream keeps. */
const MOST_UNREAD = 3 * MIB;

let isRight = true;

function tell(what: string, { isExact, heldMiB }: Flow): void {
  const text = isExact ? "every byte" : "WRONG BYTES";
  console.log(`  ${what}: ${text}, ${heldMiB.toFixed(0)} MiB more of memory at most`);
  if (!isExact || heldMiB > MOST_HELD_MIB) isRight = false;
}

function tellUnread(what: string, bytes: number): void {
  console.log(`  ${what}: ${(bytes / 1024).toFixed(0)} KiB`);
  if (bytes > MOST_UNREAD) isRight = false;
}

for (const kind of ["pipe", "socket"] as const) {
  tell(`1 GiB out of a ${kind}`, await takeOut(GIBIBYTE, kind));
  tell(`1 GiB into a ${kind}`, await bringIn(GIBIBYTE, kind));
  tell(`32 MiB out of a ${kind}, read slowly`, await takeOut(SLOW, kind, 5));
  tell(`32 MiB into a ${kind}, read slowly`, await bringIn(SLOW, kind, 5));
  for (const first of [0, 16 * MIB]) {
    const after = `${kind}, after ${first / MIB} MiB`;
    tellUnread(`written to a ${after}, and read by nobody`, await writtenUnread(kind, first));
    tellUnread(`taken by a ${after}, and read by nobody`, await takenUnread(kind, first));
  }
}
process.exitCode = isRight ? 0 : 1;
