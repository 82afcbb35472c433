/** Bytes in quantity through the streams of a child: whether all arrive, and what is held. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type ChildReadable, type ChildWritable, spawn } from "../../mod.ts";

export const MIB = 2 ** 20;

/** What came of it, and how much more memory this program had meanwhile than at first. */
export interface Flow {
  readonly isExact: boolean;
  readonly heldMiB: number;
}

type Kind = "pipe" | "socket";

/** No two lines of it are the same. */
const lines = (size: number) => `seq 1000000000 2000000000 | head -c ${size}`;

/** Reads so much of a child, and waits after each piece where a pause is given. */
export async function takeOut(size: number, kind: Kind, pauseMs = 0): Promise<Flow> {
  const memory = new MemoryMark();
  const { stdout } = spawn("sh", ["-c", lines(size)], { stdin: "null", stdout: kind });
  const digest = await digestOf(stdout!, pauseMs);
  const heldMiB = memory.stop();
  const sum = spawn("sh", ["-c", `${lines(size)} | sha1sum`], { stdin: "null", stdout: "pipe" });
  const expected = new TextDecoder().decode((await sum.output()).stdout).split(" ")[0];
  return { isExact: digest === expected, heldMiB };
}

async function digestOf(stream: ChildReadable, pauseMs: number): Promise<string> {
  const hash = createHash("sha1");
  for await (const bytes of stream) {
    hash.update(bytes);
    if (pauseMs > 0) await setTimeout(pauseMs);
  }
  return hash.digest("hex");
}

/** Writes so much to a child, which sleeps between its reads where a pause is given. */
export async function bringIn(size: number, kind: Kind, pauseMs = 0): Promise<Flow> {
  const memory = new MemoryMark();
  const one = "dd bs=65536 count=1 iflag=fullblock 2>/dev/null";
  const slowly = `i=0; while [ $i -lt ${Math.ceil(size / 65_536)} ]; do ${one}; ` +
    `sleep ${pauseMs / 1000}; i=$((i+1)); done | sha1sum`;
  const script = pauseMs > 0 ? slowly : "sha1sum";
  const child = spawn("sh", ["-c", script], { stdin: kind, stdout: "pipe" });
  const output = child.output();
  const digest = await writeTo(child.stdin!, size);
  const printed = new TextDecoder().decode((await output).stdout).split(" ")[0];
  return { isExact: printed === digest, heldMiB: memory.stop() };
}

/** Pieces that are no multiple of a page, each with a number of its own. */
async function writeTo(stream: ChildWritable, size: number): Promise<string> {
  const hash = createHash("sha1");
  const piece = new Uint8Array(100_003).map((_, index) => index * 7);
  for (let done = 0; done < size; done += piece.length) {
    new DataView(piece.buffer).setUint32(0, done);
    const bytes = piece.subarray(0, size - done);
    hash.update(bytes);
    // It is larger than what the stream takes at once: it was written when there is room again.
    if (!stream.write(bytes)) await once(stream, "drain");
  }
  stream.end();
  return hash.digest("hex");
}

/** How many bytes an endless writer has got rid of when nobody reads, from its own count. */
export async function writtenUnread(kind: Kind, readFirst: number): Promise<number> {
  // No cat(1): one may have the kernel copy it all in one call, which is counted at its end.
  const args = ["-c", String(2 ** 30), "/dev/zero"];
  const child = spawn("head", args, { stdin: "null", stdout: kind });
  const { stdout } = child;
  let read = 0;
  while (read < readFirst) {
    const bytes = stdout!.read();
    if (bytes) read += bytes.length;
    else await once(stdout!, "readable");
  }
  await once(stdout!, "readable");
  const written = () => Number(/^wchar: (\d+)$/m.exec(ioOf(child.pid))![1]);
  let before = -1;
  // The kernel counts a call when it is over: the first one may take a while on a slow machine.
  for (let looks = 0; looks < 100 && (before <= 0 || written() !== before); looks++) {
    before = written();
    await setTimeout(100);
  }
  await child[Symbol.asyncDispose]();
  return before - read;
}

/** How many bytes a child that does not read any more was given before its stream was full. */
export async function takenUnread(kind: Kind, readFirst: number): Promise<number> {
  const script = `head -c ${readFirst} | wc -c; exec sleep 100`;
  const child = spawn("sh", ["-c", script], { stdin: kind, stdout: "pipe" });
  const { stdin } = child;
  const piece = new Uint8Array(16_384);
  let taken = 0;
  for (let isFull = false; !isFull;) {
    while (stdin!.write(piece)) taken += piece.length;
    taken += piece.length;
    const drained = once(stdin!, "drain").then(() => false);
    isFull = await Promise.race([drained, setTimeout(300, true)]);
  }
  await child[Symbol.asyncDispose]();
  return taken - readFirst;
}

const ioOf = (pid: number) => readFileSync(`/proc/${pid}/io`, "latin1");

/** How far the resident memory of this program rises. */
class MemoryMark {
  readonly #first = resident();
  #most = this.#first;
  readonly #timer = setInterval(() => this.#most = Math.max(this.#most, resident()), 20);

  stop(): number {
    clearInterval(this.#timer);
    return (this.#most - this.#first) / MIB;
  }
}

/** The resident memory of this program in bytes. */
export function resident(): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))![1];
  return Number(kibibytes) * 1024;
}
