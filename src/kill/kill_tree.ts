/**
 * Ends a process and all of its descendants.
 *
 * @module
 */
import {
  checkAbortSignal,
  checkBoolean,
  checkFunction,
  checkGrace,
  checkInteger,
  type Read,
  readOptions,
} from "../kernel/arguments.ts";
import type { ChildLike } from "../../ffi/child.ts";
import { killSignalNumber, type Signal } from "../kernel/signals.ts";
import type { Pidfd } from "../pidfd.ts";
import { GRACE_MS } from "../process/terminate.ts";
import { TREE_DEFAULTS, type TreeOptions, walkFrom } from "../tree/root.ts";
import type { Walk } from "../tree/walk.ts";
import type { KillerOptions } from "./kill_parts.ts";
import { Killer } from "./killer.ts";
import type { TreeEnd, TreeReport } from "./report.ts";

/** How to end a tree that is known already. */
export interface TerminateTreeOptions {
  /** The polite signal; SIGTERM if left out. With SIGKILL everything is forced at once. */
  readonly killSignal?: Signal | number | undefined;
  /**
   * How long to wait before SIGKILL: milliseconds from 0 to 2147483647; 5000 if left out. With
   * `Infinity` nobody is killed, and the wait ends once all have ended by themselves.
   */
  readonly graceMs?: number | undefined;
  /** Gives up, at whatever point, when it is aborted; what was stopped is resumed. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether the tree is stopped (SIGSTOP) before anybody in it is signalled, so that nobody is
   * missed who is forked meanwhile; true if left out. A parent outside the tree may see its child
   * stop (waitpid(2) with WUNTRACED, as a shell with job control does). With false nobody is
   * stopped, and a process that is forked between the last look at its parent and that parent's end
   * is missed; `settled` of the report is false then.
   */
  readonly freeze?: boolean | undefined;
  /** Whether the root is ended too; true if left out. */
  readonly includeRoot?: boolean | undefined;
  /**
   * Whether this process and its ancestors are ended too, where they belong to the tree, this
   * process last; false if left out.
   */
  readonly includeSelf?: boolean | undefined;
  /**
   * Whether those that were given to this process when their parents ended are reaped: where it is
   * pid 1 of its pid namespace, or after {@linkcode adoptOrphans}; also those that had ended before
   * the call, and that their parents had not reaped. Never a child that it has started itself: that
   * one is the runtime's to reap; nor one that may be such a child, because it was this process's
   * already when it was found, or was found by a session, group or cgroup. False if left out.
   */
  readonly reapAdopted?: boolean | undefined;
  /**
   * How long to wait, after the last end, for the kernel to report how each ended, which it does
   * once the process was reaped: milliseconds from 0 to 2147483647; 0 if left out, because whoever
   * takes orphans may reap them late or never. A status that was not reported by then is `known:
   * false`. The status of your own child does not need that.
   */
  readonly statusMs?: number | undefined;
  /** Is called at each end. What it throws gives up, as an abort does. */
  readonly onEnd?: ((end: TreeEnd) => void) | undefined;
}

/** How to find a tree, and how to end it. */
export interface KillTreeOptions extends TerminateTreeOptions, TreeOptions {}

/**
 * The end of a tree, to be awaited; and what has become of it until now, also when it was aborted.
 */
export interface KillTreePromise extends Promise<TreeReport> {
  /** What has become of the tree until now. */
  report(): TreeReport;
}

/**
 * Ends a process and all of its descendants. It stops them, sends each `killSignal`, resumes them,
 * waits, kills with SIGKILL those that are left after the grace, and resolves when the last one has
 * ended. Each is opened, read and verified before it is signalled, and is signalled by its handle:
 * a process that reused its pid gets no signal.
 *
 * Nobody is signalled before a look at the standing tree has found nobody new, unless `freeze` is
 * false. After `killSignal` each gets SIGCONT, so that one that was stopped before can act on it.
 * This process and its ancestors are spared, unless `includeSelf` is true. A process in
 * uninterruptible sleep is waited for.
 *
 * Not found is: a process that is in no session of the tree (nor group, nor cgroup, where these are
 * looked at) and whose parent exited before the walk came to it (before the call, or in its first
 * milliseconds); one that /proc hides (hidepid), also where it may be signalled; one that a member
 * starts while it reacts to the polite signal, if that member exits before the next look (after 50,
 * 100, 200 ms and so on). Of the last `settled` tells, with `orphans`. If a signal ends this
 * program while the tree is stopped, or its Worker is terminated, the tree stays stopped.
 *
 * The handle of a process that was reaped before the call gives an empty report and ends nobody,
 * also where its session lives on: {@linkcode findOrphans} finds what has a mark of yours.
 *
 * Of two calls for one tree at once each tells of those that ran at its own first look, however
 * they then end. pid 1 of this pid namespace, which nobody in it can kill, and threads of the
 * kernel escape as refused (`EPERM`). Where /proc hides an ancestor of this process, before Linux
 * 6.13, whoever was started before this process may be one too, and is spared.
 *
 * No subprocess: in Deno it needs `--allow-ffi` and nothing else. Needs Linux 5.3; how each ended
 * is told from 6.15.
 *
 * @param root A pid; a handle, which stays yours; or a child as {@linkcode Pidfd.of} takes it.
 * @returns A promise of the report, with `report()` for the time before, and for after an abort.
 * @throws {TypeError} If an argument is of a wrong type, `root` the handle of a thread, or
 * `killSignal` an unknown name.
 * @throws {RangeError} If a number is outside its range.
 * @throws {Error} With `cgroup`, if the root's cgroup holds this process too, or is not told.
 * @throws The reason of `signal`, when it is aborted. `report()` tells what had ended by then.
 * @throws What `onEnd` throws.
 * @throws {PidfdOpenFailedError} `ESRCH` if there is no such process; else as {@linkcode
 * Pidfd.open}.
 * @throws {PidfdError} `ESRCH` if the process of a handle was reaped before that handle was
 * adopted; `EREMOTE` if /proc belongs to another pid namespace; `ENOENT` if it is not mounted;
 * `EMFILE`, `ENFILE`, `ENOMEM` or `EAGAIN` if no descriptor is free, or the watcher can't be
 * started.
 *
 * @example A shell, what it started, and how they ended
 * ```ts
 * import { spawn } from "node:child_process";
 * import { killTree, Pidfd } from "@x/pidfd";
 *
 * const shell = Pidfd.of(spawn("sh", ["-c", "sleep 1000 & sleep 1000 & wait"]));
 * const { ended, escaped } = await killTree(shell, { graceMs: 2000 });
 * console.log(ended.length > 0, escaped.length); // true 0
 * shell.close();
 * ```
 */
export function killTree(
  root: number | Pidfd | ChildLike,
  options: KillTreeOptions = {},
): KillTreePromise {
  const action = "end a tree";
  return start(async (begin) => {
    const read = readOptions(action, options, { ...DEFAULTS, ...TREE_DEFAULTS });
    const checked = checkTerminateOptions(action, read);
    const walk = walkFrom(action, root, read);
    try {
      const report = await begin(walk, { ...checked, closes: true });
      await walk.closeEnded();
      return report;
    } finally {
      walk.close();
    }
  });
}

/** Ends a tree that somebody else closes. */
export function terminateTree(walk: Walk, options: TerminateTreeOptions): KillTreePromise {
  const action = "end a tree";
  return start((begin) => {
    const read = readOptions(action, options, DEFAULTS);
    return begin(walk, { ...checkTerminateOptions(action, read), closes: false });
  });
}

type Begin = (walk: Walk, options: KillerOptions) => Promise<TreeReport>;

/**
 * The first steps are made before this returns, so that no stranger can come between the call and
 * the walk.
 */
function start(run: (begin: Begin) => Promise<TreeReport>): KillTreePromise {
  let killer: Killer | undefined;
  const promise = (async () =>
    await run((walk, options) => {
      killer = new Killer(walk, options);
      return killer.run();
    }))();
  return Object.assign(promise, { report: () => killer?.report() ?? NOTHING });
}

const NOTHING: TreeReport = Object.freeze({
  ended: [],
  escaped: [],
  settled: false,
  orphans: [],
  hidden: 0,
  durationMs: 0,
});

const DEFAULTS = {
  killSignal: "SIGTERM",
  graceMs: GRACE_MS,
  statusMs: 0,
  freeze: true,
  includeRoot: true,
  includeSelf: false,
  reapAdopted: false,
  signal: undefined,
  onEnd: undefined,
};

function checkTerminateOptions(
  action: string,
  options: Read<TerminateTreeOptions, typeof DEFAULTS>,
): Omit<KillerOptions, "closes"> {
  const { killSignal, graceMs, statusMs, freeze, includeRoot, includeSelf } = options;
  const { reapAdopted, signal, onEnd } = options;
  checkGrace(action, graceMs);
  checkInteger(action, "statusMs", statusMs, 0);
  checkBoolean(action, "freeze", freeze);
  checkBoolean(action, "includeRoot", includeRoot);
  checkBoolean(action, "includeSelf", includeSelf);
  checkBoolean(action, "reapAdopted", reapAdopted);
  checkFunction(action, "onEnd", onEnd);
  checkAbortSignal(action, signal);
  signal?.throwIfAborted();
  const number = killSignalNumber(action, killSignal);
  return {
    killSignal: number,
    graceMs,
    statusMs,
    freeze,
    includeRoot,
    includeSelf,
    reapAdopted,
    signal,
    onEnd,
  };
}
