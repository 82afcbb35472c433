/**
 * How fast a gibibyte goes through a pipe, out of a process and into one, side by side in one run
 * with what this runtime has. They take turns; the best round of each counts, because whatever else
 * the machine does only slows them.
 */
import { spawn as spawnByNode } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { spawn } from "../mod.ts";
import { report, type Row } from "./rows.ts";

const MIB = 2 ** 20;
const SIZE = 1024 * MIB;
const OUT = ["head", "-c", String(SIZE), "/dev/zero"] as const;
const IN = ["sh", "-c", "cat >/dev/null"] as const;
const PIECE = new Uint8Array(64 * 1024).fill(7);

interface Flow {
  name: string;
  /** Both resolve when the process has ended, too; the first with the number of bytes. */
  out(): Promise<number>;
  in(): Promise<unknown>;
}

async function sizeOf(stream: Readable, end: PromiseLike<unknown>): Promise<number> {
  let size = 0;
  stream.on("data", (bytes: Uint8Array) => size += bytes.length);
  await Promise.all([once(stream, "close"), end]);
  return size;
}

async function fill(stream: Writable, end: PromiseLike<unknown>): Promise<void> {
  for (let done = 0; done < SIZE; done += PIECE.length) {
    if (!stream.write(PIECE)) await once(stream, "drain");
  }
  stream.end();
  await end;
}

const own = (name: string, kind: "pipe" | "socket"): Flow => ({
  name,
  out() {
    const [command, ...args] = OUT;
    const { stdout, status } = spawn(command, args, { stdin: "null", stdout: kind });
    return sizeOf(stdout!, status);
  },
  in() {
    const [command, ...args] = IN;
    const { stdin, status } = spawn(command, args, { stdin: kind, stdout: "null" });
    return fill(stdin!, status);
  },
});

const nodes: Flow = {
  name: "child_process",
  out() {
    const [command, ...args] = OUT;
    const child = spawnByNode(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    return sizeOf(child.stdout, once(child, "exit"));
  },
  in() {
    const [command, ...args] = IN;
    const child = spawnByNode(command, args, { stdio: ["pipe", "ignore", "inherit"] });
    return fill(child.stdin, once(child, "exit"));
  },
};

// deno-lint-ignore no-explicit-any
const { Deno: deno, Bun: bun } = globalThis as any;

async function countAll(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const bytes of stream) size += bytes.length;
  return size;
}

const denos: Flow = {
  name: "Deno.Command",
  async out() {
    const [command, ...args] = OUT;
    const child = new deno.Command(command, { args, stdin: "null", stdout: "piped" }).spawn();
    const [size] = await Promise.all([countAll(child.stdout), child.status]);
    return size;
  },
  async in() {
    const [command, ...args] = IN;
    const child = new deno.Command(command, { args, stdin: "piped", stdout: "null" }).spawn();
    const writer = child.stdin.getWriter();
    for (let done = 0; done < SIZE; done += PIECE.length) await writer.write(PIECE);
    await writer.close();
    await child.status;
  },
};

const buns: Flow = {
  name: "Bun.spawn",
  async out() {
    const child = bun.spawn(OUT, { stdio: ["ignore", "pipe", "inherit"] });
    const [size] = await Promise.all([countAll(child.stdout), child.exited]);
    return size;
  },
  async in() {
    const { stdin, exited } = bun.spawn(IN, { stdio: ["pipe", "ignore", "inherit"] });
    for (let done = 0; done < SIZE; done += PIECE.length) {
      stdin.write(PIECE);
      await stdin.flush();
    }
    await stdin.end();
    await exited;
  },
};

const ROUNDS = 7;
const flows = [
  own("spawn()", "pipe"),
  own("spawn(), sockets", "socket"),
  nodes,
  ...(deno ? [denos] : bun ? [buns] : []),
];

const speeds = flows.map((): { out: number[]; in: number[] } => ({ out: [], in: [] }));
const speedSince = (begin: number) => SIZE / MIB / ((performance.now() - begin) / 1000);
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, flow] of flows.entries()) {
    let begin = performance.now();
    if (await flow.out() !== SIZE) throw new Error(`${flow.name} has lost some`);
    speeds[index].out.push(speedSince(begin));
    begin = performance.now();
    await flow.in();
    speeds[index].in.push(speedSince(begin));
  }
}
const rows = flows.map(({ name }, index): Row => ({
  way: name,
  "MiB/s out": Math.round(Math.max(...speeds[index].out)),
  "MiB/s in": Math.round(Math.max(...speeds[index].in)),
}));
report("flow", rows);
