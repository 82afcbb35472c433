/**
 * A process and all of its descendants, held.
 *
 * @module
 */
import type { ChildLike } from "../ffi/child.ts";
import { checkBoolean, readOptions } from "./kernel/arguments.ts";
import { EBADF } from "./kernel/constants.ts";
import { failure, PidfdError } from "./kernel/errors.ts";
import type { ExitStatus } from "./kernel/exit.ts";
import { makeDistinct } from "./kernel/inspection.ts";
import { native } from "./kernel/native.ts";
import { givenSignal, type Signal } from "./kernel/signals.ts";
import type { Pidfd } from "./pidfd.ts";
import { sendSignal } from "./process/signal.ts";
import { checkedOptions, waitFor, type WaitOptions } from "./process/wait.ts";
import { terminateTree, type TerminateTreeOptions, type TreeKill } from "./kill/kill_tree.ts";
import type { Member, TreeMember } from "./tree/member.ts";
import { TREE_DEFAULTS, type TreeOptions, walkFrom } from "./tree/root.ts";
import type { Walk } from "./tree/walk.ts";

/** Whom a signal to a tree reaches. */
export interface SignalTreeOptions {
  /**
   * Whether it is sent to this process and its ancestors too, where they belong to the tree; false
   * if left out.
   */
  readonly includeSelf?: boolean | undefined;
}

/**
 * A process and all of its descendants, each held by a handle. Iterates over the members, parents
 * before their children, as a tree is drawn. Closing it does nothing to the processes.
 *
 * Each member was opened, read and verified: while its handle named its pid, its parent was a
 * member. Needs Linux 5.3.
 *
 * @example Who is there, and how deep
 * ```ts
 * import { spawn } from "node:child_process";
 * import { Pidfd, ProcessTree } from "@x/pidfd";
 *
 * const shell = Pidfd.of(spawn("sleep", ["1000"]));
 * const tree = ProcessTree.of(shell);
 * for (const { depth } of tree) console.log(depth); // 0
 * console.log(tree.signal("SIGKILL")); // 1
 * await tree.wait();
 * tree.close();
 * shell.close();
 * ```
 */
export class ProcessTree implements Disposable, Iterable<TreeMember> {
  readonly #walk: Walk;
  #isSettled = false;
  #isClosed = false;

  /** Use {@linkcode ProcessTree.of}. */
  private constructor(walk: Walk, key: typeof PRIVATE) {
    if (key !== PRIVATE) throw new TypeError("Cannot make a ProcessTree: use ProcessTree.of()");
    this.#walk = walk;
    makeDistinct(this);
  }

  /**
   * Holds a process and all of its descendants: looks, opens, reads, verifies, and looks again
   * until nothing new is found. The tree may have grown by the time that you use it: {@linkcode
   * ProcessTree.refresh}.
   *
   * @param root A pid; a handle, which stays yours: the tree holds a second one; or a child as
   * {@linkcode Pidfd.of} takes it.
   * @throws {TypeError} If an argument is of a wrong type, an option unknown, or `root` the handle of a thread that
   * is not its process's first.
   * @throws {RangeError} If `root` is a number, and no integer from 1 to 2147483647.
   * @throws {Error} With `cgroup`, if the root's cgroup holds this process too, or is not told.
   * @throws {PidfdOpenFailedError} `ESRCH` if there is no such process; else as {@linkcode
   * Pidfd.open}.
   * @throws {PidfdError} `ESRCH` if the process of a handle was reaped before that handle was
   * adopted; `EREMOTE` if /proc belongs to another pid namespace, so that its pids would mislead;
   * `ENOENT` if it is not mounted; `EMFILE`, `ENFILE` or `ENOMEM` if no descriptor is free: each
   * member takes one. `EBADF` if the given handle is closed.
   */
  static of(root: number | Pidfd | ChildLike, options: TreeOptions = {}): ProcessTree {
    const action = "hold a tree";
    const walk = walkFrom(action, root, readOptions(action, options, TREE_DEFAULTS));
    const tree = new ProcessTree(walk, PRIVATE);
    try {
      tree.refresh();
      return tree;
    } catch (error) {
      tree.close();
      throw error;
    }
  }

  /** The member that the tree grows from. */
  get root(): TreeMember {
    return this.#open().root;
  }

  /** How many members were found, those that have ended since included. */
  get size(): number {
    return this.#open().members.length;
  }

  /**
   * Whether the last look found nothing new; false for a tree that forks faster than it can be
   * followed.
   */
  get settled(): boolean {
    return this.#isSettled;
  }

  /**
   * How many processes /proc listed but did not show (hidepid): whether they belong to the tree is
   * not known.
   */
  get hidden(): number {
    return this.#open().hidden;
  }

  /** Whether the tree was closed. */
  get closed(): boolean {
    return this.#isClosed;
  }

  /** The members, parents before their children. */
  [Symbol.iterator](): IterableIterator<TreeMember> {
    return downFrom(this.#open().root);
  }

  /**
   * Looks for descendants that have appeared since, until nothing new is found.
   *
   * @returns The new members.
   * @throws {PidfdError} As {@linkcode ProcessTree.of}; `EBADF` if the tree is closed.
   */
  refresh(): TreeMember[] {
    const walk = this.#open();
    const known = walk.members.length;
    this.#isSettled = walk.look();
    return walk.members.slice(known);
  }

  /**
   * Sends a signal to every member that runs, parents before their children, and this process last.
   * All are tried, whatever happens to one.
   *
   * @param signal As for {@linkcode Pidfd.signal}; SIGTERM if left out.
   * @returns How many it was sent to.
   * @throws {TypeError} If `signal` is an unknown name, or an argument is of a wrong type.
   * @throws {RangeError} If `signal` is a number outside 0 to 64.
   * @throws {PidfdSignalFailedError} The first refusal, after all were tried; as {@linkcode
   * Pidfd.signal}.
   * @throws {PidfdError} `EBADF` if the tree is closed.
   */
  signal(signal: Signal | number, options?: SignalTreeOptions): number;
  /** Sends SIGTERM. */
  signal(): number;
  signal(...given: [signal?: Signal | number, options?: SignalTreeOptions]): number {
    const action = "signal a tree";
    const options = given[1] === undefined ? {} : given[1];
    const { includeSelf } = readOptions(action, options, { includeSelf: false });
    checkBoolean(action, "includeSelf", includeSelf);
    const number = givenSignal(given);
    const { members, ancestors } = this.#open();
    const wanted = members.filter(({ pid }) => includeSelf || !ancestors.has(pid));
    // This process comes last: the signal may end it, and nobody would go on with the others.
    const own = native().own_pid();
    const others = wanted.filter(({ pid }) => pid !== own);
    return sendToAll([...others, ...wanted.filter(({ pid }) => pid === own)], number);
  }

  /**
   * Waits, without blocking, until every member has ended and until the kernel tells how, as
   * {@linkcode Pidfd.wait} does for one. This process itself is not waited for.
   *
   * @returns How each ended, in the order of iteration.
   * @throws As {@linkcode Pidfd.wait}.
   */
  async wait(options: WaitOptions = {}): Promise<ExitStatus[]> {
    const checked = checkedOptions(options);
    const own = native().own_pid();
    const members = [...downFrom(this.#open().root)].filter(({ pid }) => pid !== own);
    return await Promise.all(members.map(({ core }) => waitFor(core, checked)));
  }

  /**
   * Ends the whole tree, as {@linkcode killTree} does, and leaves its handles open.
   *
   * @throws As {@linkcode killTree}; `EBADF` if the tree is closed.
   */
  terminate(options: TerminateTreeOptions = {}): TreeKill {
    return terminateTree(this.#open(), options);
  }

  /**
   * Closes every handle of the tree; the processes live on, and what was stopped goes on. Who waits
   * for it, or ends it, gets `EBADF`. A second call does nothing.
   */
  close(): void {
    this.#isClosed = true;
    this.#walk.close();
  }

  /** Closes the tree, as {@linkcode ProcessTree.close}; the processes live on. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** What `console.log` shows in Node, Bun and Deno: `ProcessTree { root: 4242, size: 3, settled: true }`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return #walk in this ? this.#description() : "ProcessTree {}";
  }

  /** What Deno's own `Deno.inspect` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return #walk in this ? this.#description() : "ProcessTree {}";
  }

  #description(): string {
    const { root, members } = this.#walk;
    const state = this.#isClosed ? "closed: true" : `settled: ${this.#isSettled}`;
    return `ProcessTree { root: ${root.pid}, size: ${members.length}, ${state} }`;
  }

  #open(): Walk {
    if (!this.#isClosed) return this.#walk;
    throw failure({ errno: EBADF, syscall: "pidfd", reason: "the tree is closed" });
  }
}

function* downFrom(member: Member): IterableIterator<Member> {
  const left = [member];
  while (left.length > 0) {
    const next = left.pop()!;
    yield next;
    left.push(...[...next.children].reverse());
  }
}

function sendToAll(members: Member[], number: number): number {
  let sent = 0;
  let refusal: PidfdError | undefined;
  for (const { core } of members) {
    try {
      if (sendSignal(core, number)) sent++;
    } catch (error) {
      if (!(error instanceof PidfdError)) throw error;
      refusal ??= error;
    }
  }
  if (refusal) throw refusal;
  return sent;
}

/** Known in this file alone; at run time `private` would keep nobody out. */
const PRIVATE = Symbol("ProcessTree");
