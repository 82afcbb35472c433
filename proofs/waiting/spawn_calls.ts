/** Every call by which this runtime starts a child, in one shape. */
import * as node from "node:child_process";
import { once } from "node:events";
import { HELPER } from "../../tests/support/processes.ts";

/** How a child ended, in its runtime's own words. */
export interface Event {
  code: number | null;
  signal: string | null;
}

/** A child that was started. */
export interface Started {
  child: { readonly pid?: number };
  /** A line for its standard input. */
  send(): void;
  /** Every event of the runtime that tells of the end; each must tell the same. */
  events: Promise<Event[]>;
}

export type SpawnCall = (args: string[]) => Started;

function fromNode(child: node.ChildProcess): Started {
  const events = Promise.all([once(child, "exit"), once(child, "close")]);
  return {
    child,
    send: () => child.stdin!.write("\n"),
    events: events.then((all) => all.map(([code, signal]) => ({ code, signal }))),
  };
}

const quiet = () => {};

const NODE_CALLS: Record<string, SpawnCall> = {
  spawn: (args) => fromNode(node.spawn(HELPER, args)),
  execFile: (args) => fromNode(node.execFile(HELPER, args, quiet)),
  // The shell becomes the helper: so the child is the same one to the end.
  exec: (args) => fromNode(node.exec(`exec ${[HELPER, ...args].join(" ")}`, quiet)),
};

/**
 * Started as the module of another program than the runtime, which takes its name for an argument.
 */
const fork: SpawnCall = ([first, ...rest]) =>
  fromNode(node.fork(first, rest, { execPath: HELPER, execArgv: [], silent: true }));

interface Runtimes {
  Deno?: {
    Command: new (program: string, options: object) => {
      spawn(): {
        pid: number;
        stdin: WritableStream<Uint8Array>;
        status: Promise<{ code: number; signal: string | null }>;
      };
    };
  };
  Bun?: {
    spawn(command: string[], options: object): {
      pid: number;
      stdin: { write(text: string): void; end(): void };
      exited: Promise<number>;
      exitCode: number | null;
      signalCode: string | null;
    };
  };
}

const { Deno, Bun } = globalThis as unknown as Runtimes;

const denoCommand: SpawnCall = (args) => {
  const options = { args, stdin: "piped", stdout: "null" };
  const child = new Deno!.Command(HELPER, options).spawn();
  const events = child.status.then(({ code, signal }) => [{ code, signal }]);
  return {
    child,
    send: () => void child.stdin.getWriter().write(new Uint8Array([10])),
    events: events.finally(() => child.stdin.locked || child.stdin.close().catch(quiet)),
  };
};

const bunSpawn: SpawnCall = (args) => {
  const child = Bun!.spawn([HELPER, ...args], { stdin: "pipe", stdout: "ignore" });
  return {
    child,
    send() {
      child.stdin.write("\n");
      child.stdin.end();
    },
    events: child.exited.then(() => [{ code: child.exitCode, signal: child.signalCode }]),
  };
};

/** The calls of the runtime that runs this. Deno's fork starts nothing but Deno. */
export const SPAWN_CALLS: Record<string, SpawnCall> = {
  ...NODE_CALLS,
  ...(Deno ? { "Deno.Command": denoCommand } : { fork }),
  ...(Bun ? { "Bun.spawn": bunSpawn } : {}),
};
