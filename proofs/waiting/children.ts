/**
 * A number of children by each spawn call, opened in the tick that spawned them and later: the wait
 * must tell how each ended, and so must each event of the runtime.
 */
import { setImmediate } from "node:timers/promises";
import { features, Pidfd } from "../../mod.ts";
import { expected, FATAL_SIGNALS } from "../../tests/support/breeder.ts";
import { HELPER, Helper } from "../../tests/support/processes.ts";
import { type Event, SPAWN_CALLS, type SpawnCall } from "./spawn_calls.ts";

const COUNT = Number(process.argv[2] ?? 1000);
const AT_ONCE = 25;

interface Tally {
  told: number;
  events: number;
  children: number;
}

/** Without the real-time ones: a child that dies of one makes Deno throw, whoever watches. */
const SIGNALS = FATAL_SIGNALS.filter(([name]) => !name.startsWith("SIGRT"));

function endOf(index: number): string {
  if (index % 3 > 0) return `exit ${index % 256}`;
  return `signal ${SIGNALS[Math.floor(index / 3) % SIGNALS.length][1]}`;
}

/** Deno says 128 + N beside the signal; what counts is the signal. */
function isSame({ code, signal }: Event, end: string): boolean {
  const status = expected(end);
  if (status.signal === null) return code === status.code && signal === null;
  return signal === status.signal;
}

async function one(call: SpawnCall, index: number, isLater: boolean, tally: Tally): Promise<void> {
  const end = endOf(index);
  const args = ["end", ...end.split(" ")];
  const started = call(isLater ? ["exec-then", HELPER, ...args] : args);
  if (isLater) await setImmediate();
  const handle = Pidfd.of(started.child);
  if (isLater) started.send();
  const { known, code, signal } = await handle.wait();
  handle.close();
  const wanted = expected(end);
  if (known && code === wanted.code && signal === wanted.signal) tally.told++;
  else console.log(`wrong: ${end}: ${JSON.stringify({ known, code, signal })}`);
  const events = await started.events;
  if (events.every((event) => isSame(event, end))) tally.events++;
  else console.log(`wrong event: ${end}: ${JSON.stringify(events)}`);
  tally.children++;
}

let isRight = true;
for (const [name, call] of Object.entries(SPAWN_CALLS)) {
  for (const isLater of [false, true]) {
    const tally: Tally = { told: 0, events: 0, children: 0 };
    for (let first = 0; first < COUNT; first += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, COUNT - first) }, (_, i) => first + i);
      await Promise.all(batch.map((index) => one(call, index, isLater, tally)));
    }
    const when = isLater ? "opened later" : "opened in its tick";
    console.log(
      `  ${
        `${name}, ${when}`.padEnd(36)
      } status right ${tally.told} of ${COUNT}, events right ${tally.events} of ${COUNT}`,
    );
    isRight &&= tally.told === COUNT && tally.events === COUNT;
  }
}

if (!features().PIDFD_INFO_EXIT.available) {
  const parent = new Helper("parent");
  const stranger = Pidfd.open(Number(await parent.line()));
  const waiting = stranger.wait();
  stranger.signal("SIGKILL");
  const { known } = await waiting;
  console.log(`  a stranger without exit records: known ${known}`);
  isRight &&= !known;
  stranger.close();
  await parent.end();
}
process.exitCode = isRight ? 0 : 1;
