/**
 * What is told of the end of a tree.
 *
 * @module
 */
import type { PidfdError } from "../kernel/errors.ts";
import type { ExitStatus } from "../kernel/exit.ts";

/** A process that was there, and has ended. */
export interface TreeEnd {
  /** The number that it had. */
  readonly pid: number;
  /** The name of its program when it was found. */
  readonly name: string;
  /** How far it was from the root, which has 0. */
  readonly depth: number;
  /** How it ended, as far as that was told. */
  readonly status: ExitStatus;
  /** Whether SIGKILL was sent to it. */
  readonly forced: boolean;
  /** From the call to its end, in milliseconds. */
  readonly afterMs: number;
}

/** A process of the tree that still runs. */
export interface TreeEscape {
  /** The number that it has. */
  readonly pid: number;
  /** The name of its program when it was found. */
  readonly name: string;
  /** How far it is from the root, which has 0. */
  readonly depth: number;
  /**
   * "spared": it is this process or an ancestor of it. "refused": the kernel refused the signal,
   * and `error` says why. "running": it has not ended yet.
   */
  readonly reason: "spared" | "refused" | "running";
  /** The kernel's refusal. */
  readonly error?: PidfdError;
}

/** A process that may have slipped away from a tree. */
export interface TreeOrphan {
  /** The number that it has. */
  readonly pid: number;
  /** The name of its program. */
  readonly name: string;
}

/** What became of a tree. */
export interface TreeReport {
  /** Who has ended, in the order of the ends. What had ended before the call is not in it. */
  readonly ended: readonly TreeEnd[];
  /** Who has not. Empty when everything is gone. */
  readonly escaped: readonly TreeEscape[];
  /**
   * Whether nobody of the tree can be left but those in `escaped`, as {@linkcode killTree} says
   * what is of the tree. False if the tree could not be brought to stand for ten seconds; if
   * `orphans` has somebody, or can't be told because others exit all the time; if a member refused;
   * if the root had ended before the call; and with `freeze: false`, where nothing of that kind is
   * known.
   *
   * The orphans of other programs do not disturb it where the root is this process and orphans are
   * given to it from before the call until after it ({@linkcode adoptOrphans}). A thread must not
   * put that back and another one ask for it anew meanwhile.
   */
  readonly settled: boolean;
  /**
   * Who may be left besides: a process of the tree ended before its children could be listed, and
   * these were started since, and are children of pid 1 or of a child subreaper above the root, or
   * of the root if that is this process and adopts orphans. Others than the tree's may be among
   * them, so they are not signalled.
   */
  readonly orphans: readonly TreeOrphan[];
  /**
   * How many processes /proc listed but did not show (hidepid): whether they belong to the tree is
   * not known.
   */
  readonly hidden: number;
  /** From the call to the report, in milliseconds. */
  readonly durationMs: number;
}
