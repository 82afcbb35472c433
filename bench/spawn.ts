/**
 * Starting a process, side by side in one run with what this runtime has: until the call returns,
 * and until the exit is known, for /bin/true; start, read and know the exit, for `echo`. They take
 * turns. A number as the argument says how many mebibytes this program is to hold meanwhile.
 */
import { spawn as spawnByNode } from "node:child_process";
import { once } from "node:events";
import { spawn } from "../mod.ts";
import { median, report, type Row } from "./rows.ts";

interface Way {
  name: string;
  /** Starts /bin/true; the answer resolves when its exit is known. */
  start(): PromiseLike<unknown>;
  /** Starts a command, and counts the bytes of its output until its exit is known. */
  read(command: string, args: string[]): Promise<number>;
}

const own = (name: string, lifetime: "independent" | "contained"): Way => ({
  name,
  start() {
    const options = { stdin: "null", stdout: "null", stderr: "null", lifetime } as const;
    return spawn("/bin/true", [], options).status;
  },
  async read(command, args) {
    const child = spawn(command, args, { stdin: "null", stdout: "pipe", lifetime });
    let size = 0;
    child.stdout!.on("data", (bytes: Uint8Array) => size += bytes.length);
    await Promise.all([once(child.stdout!, "close"), child.status]);
    return size;
  },
});

const ours = own("spawn()", "independent");
const contained = own("contained", "contained");

const nodes: Way = {
  name: "child_process",
  start: () => once(spawnByNode("/bin/true", [], { stdio: "ignore" }), "exit"),
  async read(command, args) {
    const child = spawnByNode(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let size = 0;
    child.stdout.on("data", (bytes: Uint8Array) => size += bytes.length);
    await once(child, "close");
    return size;
  },
};

async function sizeOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const bytes of stream) size += bytes.length;
  return size;
}

// deno-lint-ignore no-explicit-any
const { Deno: deno, Bun: bun } = globalThis as any;

const denos: Way = {
  name: "Deno.Command",
  start() {
    const options = { stdin: "null", stdout: "null", stderr: "null" };
    return new deno.Command("/bin/true", options).spawn().status;
  },
  async read(command, args) {
    const child = new deno.Command(command, { args, stdin: "null", stdout: "piped" }).spawn();
    const [size] = await Promise.all([sizeOf(child.stdout), child.status]);
    return size;
  },
};

const buns: Way = {
  name: "Bun.spawn",
  start: () => bun.spawn(["/bin/true"], { stdio: ["ignore", "ignore", "ignore"] }).exited,
  async read(command, args) {
    const child = bun.spawn([command, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    const [size] = await Promise.all([sizeOf(child.stdout), child.exited]);
    return size;
  },
};

async function execas(): Promise<Way> {
  const { execa } = await import("execa");
  return {
    name: "execa",
    start: () => execa("/bin/true", { stdio: "ignore" }),
    async read(command, args) {
      const { stdout } = await execa(command, args, {
        stdin: "ignore",
        maxBuffer: 2 ** 31 - 1,
        encoding: "buffer",
      });
      return stdout.length;
    },
  };
}

async function tinyexecs(): Promise<Way> {
  const { x } = await import("tinyexec");
  return {
    name: "tinyexec",
    start: () => x("/bin/true", [], { nodeOptions: { stdio: "ignore" } }),
    async read(command, args) {
      return (await x(command, args)).stdout.length;
    },
  };
}

const ROUNDS = Number(process.env.PIDFD_BENCH_ROUNDS ?? 150);
const MIB = 2 ** 20;
const held = Number(process.argv[2] ?? 0);
const ballast = new Uint8Array(held * MIB).fill(1);

const runtimes = deno ? [denos] : bun ? [buns] : [];
const ways = [ours, contained, nodes, ...runtimes, await execas(), await tinyexecs()];

const returned = ways.map((): number[] => []);
const known = ways.map((): number[] => []);
const readings = ways.map((): number[] => []);
for (let round = -10; round < ROUNDS; round++) {
  for (const [turn] of ways.entries()) {
    // Each comes after each: whoever has just used much of the CPU waits longer for it.
    const index = (turn * (round % 2 === 0 ? 1 : ways.length - 1) + round + 10) % ways.length;
    const way = ways[index];
    await new Promise((resolve) => setTimeout(resolve, 2));
    const begin = performance.now();
    const end = way.start();
    const back = performance.now() - begin;
    await end;
    const over = performance.now() - begin;
    const start = performance.now();
    await way.read("echo", ["x"]);
    const read = performance.now() - start;
    if (round < 0) continue;
    returned[index].push(back * 1000);
    known[index].push(over * 1000);
    readings[index].push(read * 1000);
  }
}

const rows = ways.map(({ name }, index): Row => ({
  way: name,
  "µs returns": median(returned[index]),
  "µs exit known": median(known[index]),
  "µs start, read, exit": median(readings[index]),
}));
report(`spawn, ${held} MiB`, rows);
if (ballast.length !== held * MIB) throw new Error("the ballast is gone");
