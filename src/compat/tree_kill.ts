/**
 * The signature of the npm package tree-kill, on handles.
 *
 * @module
 */
import { platform } from "../../ffi/runtime.ts";
import { soon } from "../../ffi/timer.ts";
import { syscallNumbers } from "../features/numbers.ts";
import { checkFunction, checkPid, show } from "../kernel/arguments.ts";
import { SIGKILL } from "../kernel/constants.ts";
import { isNoSuchProcess } from "../kernel/errors.ts";
import { type Signal, signalNumber } from "../kernel/signals.ts";
import { Pidfd } from "../pidfd.ts";
import { isHarmless } from "../kill/deadly.ts";
import type { TreeMember } from "../tree/member.ts";
import { ProcessTree } from "../process_tree.ts";

/** Hears that it is done; of the error, if there was one. */
export type TreeKillCallback = (error?: Error) => void;

/** What tree-kill takes: a pid, and if you like a signal, and a callback. */
export interface TreeKillFunction {
  /** Sends SIGTERM. */
  (pid: number | string, callback?: TreeKillCallback): void;
  /** Sends a signal. */
  (pid: number | string, signal?: string | number, callback?: TreeKillCallback): void;
}

/** What ends trees where process handles don't work: tree-kill itself is one. */
export type TreeKillFallback = (
  pid: number,
  signal?: string | number,
  callback?: TreeKillCallback,
) => void;

/** The callback comes after this time at the latest: a process can ignore a signal. */
const PATIENCE_MS = 2000;

/** A tree that forks at full speed is not followed for ever. */
const MAX_ROUNDS = 64;

/**
 * Sends a signal to a process and all of its descendants, parents first, and to those that appear
 * meanwhile. Each is opened and verified before, so that no stranger is hit. As in tree-kill,
 * descendants are found by parentage alone: an orphan is spared, even in the root's session. It
 * forces nobody: {@linkcode killTree} does.
 *
 * The callback is called once the process itself has ended: a descendant may survive the signal.
 * After SIGKILL, which nobody survives, it is called once all have ended; after a signal that ends
 * nobody (0, SIGCONT, SIGSTOP …), at once. It is never called later than after 2 seconds. A process
 * that does not exist is no error.
 *
 * Needs Linux 5.3; elsewhere give it a fallback by {@linkcode withFallback}.
 *
 * @param pid An integer from 1 to 2147483647, or a text that holds one.
 * @param signal A name or a number from 0 to 64; SIGTERM if left out.
 * @param callback Gets the error, if there was one. Without it the error is thrown.
 * @throws {Error} `pid must be a number`; and what a callback would get, where there is none. An
 * unknown signal's error has the `code` that it has in tree-kill: `ERR_UNKNOWN_SIGNAL`, or `EINVAL`
 * for an integer outside 0 to 64.
 *
 * @example A shell and what it started
 * ```ts
 * import { spawn } from "node:child_process";
 * import treeKill from "@x/pidfd/tree-kill";
 *
 * const shell = spawn("sh", ["-c", "sleep 1000 & echo started; wait"]);
 * shell.stdout.once("data", () => {
 *   treeKill(shell.pid!, (error) => console.log(error)); // undefined
 * });
 * ```
 */
export const treeKill: TreeKillFunction = makeTreeKill();

/**
 * The same function with something to call where process handles don't work; that may be tree-kill
 * itself. The fallback is called outside Linux, before Linux 5.3, and where a seccomp profile
 * forbids the calls. It is not called where a permission or the library's file is missing: that is
 * an error (`ENOSYS`).
 *
 * @param fallback Is called with the same arguments, once the pid was checked.
 * @throws {TypeError} If `fallback` is no function.
 *
 * @example On every system
 * ```ts
 * import { withFallback } from "@x/pidfd/tree-kill";
 *
 * const kill = withFallback((pid, signal) => process.kill(pid, signal as "SIGTERM"));
 * console.log(typeof kill); // function
 * ```
 */
export function withFallback(fallback: TreeKillFallback): TreeKillFunction {
  if (fallback === undefined) {
    throw new TypeError(`Cannot make a treeKill: "fallback" must be a function: undefined`);
  }
  checkFunction("make a treeKill", "fallback", fallback);
  return makeTreeKill(fallback);
}

/**
 * Whether the process that has this pid now runs; a zombie does not. Certain only for a child that
 * nobody has reaped: keep a {@linkcode Pidfd} instead where it matters.
 *
 * @param pid An integer from 1 to 2147483647.
 * @throws {TypeError} If `pid` is no number.
 * @throws {RangeError} If `pid` is outside that range.
 * @throws {PidfdOpenFailedError} As {@linkcode Pidfd.open}, but for `ESRCH` and `ENOENT`: then it
 * is false.
 *
 * @example Of this process
 * ```ts
 * import { isRunning } from "@x/pidfd/tree-kill";
 *
 * console.log(isRunning(process.pid)); // true
 * console.log(isRunning(2 ** 31 - 1)); // false
 * ```
 */
export function isRunning(pid: number): boolean {
  let handle: Pidfd;
  try {
    handle = Pidfd.open(pid);
  } catch (error) {
    if (isNoSuchProcess(error)) return false;
    throw error;
  }
  try {
    return handle.isAlive();
  } finally {
    handle.close();
  }
}

function makeTreeKill(fallback?: TreeKillFallback): TreeKillFunction {
  return (pid: number | string, ...rest: unknown[]) => {
    const [signal, callback] = typeof rest[0] === "function" ? [undefined, rest[0]] : rest;
    checkFunction("end a tree", "callback", callback ?? undefined);
    const done = (callback ?? undefined) as TreeKillCallback | undefined;
    let number: number;
    try {
      number = pidOf(pid);
      if (Pidfd.supported) return signalTree(number, signalOf(signal ?? "SIGTERM"), done);
      // Throws where the library can't be loaded: a forgotten permission is to be mended, and no
      // wish for bare pids.
      if (platform() === "linux") syscallNumbers();
      if (!fallback) throw new Error(UNSUPPORTED);
    } catch (error) {
      if (!done) throw error;
      return done(error instanceof Error ? error : new Error(show(error)));
    }
    // What it throws is its own, or its callback's, who was called already.
    fallback(number, signal as Signal, done);
  };
}

/**
 * The pid that is meant, taken as it is: to make 1 of 1.5, "1e21" or `true` would end every
 * process. A fallback may do that, so it gets nothing else either.
 */
function pidOf(value: unknown): number {
  const isNumber = typeof value === "number" ||
    (typeof value === "string" && /^\s*-?\d+\s*$/.test(value));
  const number = isNumber ? Number(value) : NaN;
  if (Number.isNaN(number)) throw new Error("pid must be a number");
  return checkPid("end a tree", number);
}

/**
 * The number of a signal. Its error has the `code` that process.kill() gives in Node, and so in
 * tree-kill: an integer goes to kill(2), and everything else is looked up as a name.
 */
function signalOf(signal: unknown): number {
  try {
    return signalNumber(signal);
  } catch (error) {
    const isInteger = typeof signal === "number" && (signal | 0) === signal;
    throw Object.assign(error as Error, { code: isInteger ? "EINVAL" : "ERR_UNKNOWN_SIGNAL" });
  }
}

const UNSUPPORTED =
  "Cannot end a tree: process handles don't work here, features() tells why; give a fallback by withFallback()";

function signalTree(pid: number, signal: number, done: TreeKillCallback | undefined): void {
  let tree: ProcessTree;
  try {
    tree = ProcessTree.of(pid, { session: false });
  } catch (error) {
    if (!isNoSuchProcess(error)) throw error;
    if (done) soon(done);
    return;
  }
  try {
    // Who asks for its own tree means itself too, as with tree-kill; it comes last.
    tree.signal(signal, { includeSelf: true });
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const found = tree.refresh();
      if (found.length === 0) break;
      for (const { handle } of found) handle.signal(signal);
    }
  } catch (error) {
    tree.close();
    throw error;
  }
  if (!done) return tree.close();
  // A descendant may ignore the signal: pm2 restarts once it is called back, and would be held up
  // for the whole time at each restart.
  const awaited = signal === SIGKILL ? [...tree] : [tree.root];
  untilEnded(awaited, isHarmless(signal) ? 0 : PATIENCE_MS).then(() => {
    tree.close();
    // What it throws is an uncaught exception then, as with tree-kill, and no unhandled rejection.
    soon(done);
  });
}

/** Resolves when all of these have ended, or when the time is up. */
async function untilEnded(members: TreeMember[], timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<void>((resolve) => timer = setTimeout(resolve, timeoutMs));
  const ends = timeoutMs === 0 ? [timeUp] : members.map(({ handle }) => handle.exited);
  // A wait that fails, for want of descriptors, says nothing of the signals, which were sent.
  await Promise.race([Promise.all(ends), timeUp]).catch(() => {});
  clearTimeout(timer);
}
