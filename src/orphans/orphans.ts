/**
 * Finds what a program that has ended left behind.
 *
 * @module
 */
import { Handle } from "../handle/handle.ts";
import { ancestorsIn } from "../identity/ancestors.ts";
import { openIfThere } from "../identity/reopen.ts";
import { show } from "../kernel/arguments.ts";
import { EBADF } from "../kernel/constants.ts";
import { failure } from "../kernel/errors.ts";
import { makeDistinct } from "../kernel/inspection.ts";
import { native } from "../kernel/native.ts";
import { type Pidfd, pidfdOf } from "../pidfd.ts";
import { entryOf, type ProcessEntry } from "../proc/processes.ts";
import { withProc } from "../proc/scan.ts";
import { hasMarks, type OrphanMark, toMarks } from "./mark.ts";

/** A process that was left behind. */
export interface Orphan {
  /** Its handle, which is closed with the list. */
  readonly handle: Pidfd;
  /** What it was while the handle named its pid. */
  readonly process: ProcessEntry;
  /** By what it was found: the mark, or your predicate. */
  readonly relation: "environment" | "cgroup" | "predicate";
}

/** Answers whether a process is one of those that are looked for. */
export type OrphanPredicate = (process: ProcessEntry) => boolean;

type Relation = (process: ProcessEntry) => Orphan["relation"] | "unreadable" | null;

/** What was left behind: held by handles, in the order of the pids. Closing it does nothing to the processes. */
export class Orphans implements Disposable, Iterable<Orphan> {
  readonly #found: readonly Orphan[];
  /** How many processes /proc listed but did not show (hidepid): whether they belong to these is not known. */
  readonly hidden: number;
  /** How many processes may not be read: whether they have the mark is not known. */
  readonly unreadable: number;
  #isClosed = false;

  /** Use {@linkcode findOrphans}. */
  constructor(found: readonly Orphan[], hidden: number, key: typeof PRIVATE, unreadable = 0) {
    if (key !== PRIVATE) throw new TypeError("Cannot make Orphans: use findOrphans()");
    this.#found = found;
    this.hidden = hidden;
    makeDistinct(this);
    this.unreadable = unreadable;
  }

  /** How many there are. */
  get size(): number {
    return this.#open().length;
  }

  /** Whether the list was closed. */
  get closed(): boolean {
    return this.#isClosed;
  }

  /** Each of them. */
  [Symbol.iterator](): IterableIterator<Orphan> {
    return this.#open()[Symbol.iterator]() as IterableIterator<Orphan>;
  }

  /** Closes every handle; the processes live on. A second call does nothing. */
  close(): void {
    this.#isClosed = true;
    for (const { handle } of this.#found) handle.close();
  }

  /** Closes the list, as {@linkcode Orphans.close}; the processes live on. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** What `console.log` shows in Node, Bun and Deno: `Orphans { size: 2, hidden: 0 }`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return #found in this ? this.#description() : "Orphans {}";
  }

  /** What Deno's own `Deno.inspect` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return #found in this ? this.#description() : "Orphans {}";
  }

  #description(): string {
    const closed = this.#isClosed ? ", closed: true" : "";
    return `Orphans { size: ${this.#found.length}, hidden: ${this.hidden}${closed} }`;
  }

  #open(): readonly Orphan[] {
    if (!this.#isClosed) return this.#found;
    throw failure({ errno: EBADF, syscall: "pidfd", reason: "the list of orphans is closed" });
  }
}

/**
 * Finds what an exited program left behind, by a mark that its children inherit or by a predicate
 * of yours, and opens a handle to each process. Zombies, this process and its ancestors are never
 * included.
 *
 * **A mark** is a set of environment variables with which a process was executed, or a cgroup.
 * Children inherit both, also those that begin a session of their own and those whose parents have
 * exited. Give the mark to what you start, best with a random value: every process that has it is
 * taken for yours. It is read while a handle to the process is open. A process can clear its
 * environment (`env -i`) or overwrite it (setproctitle(3)); it is then not found by it. A process
 * that may not be read (ptrace(2), PTRACE_MODE_READ: another user's, or a setuid program) is left
 * out and counted as `unreadable`.
 *
 * **A predicate** is called for every process, and again for those that it has chosen while a
 * handle to each is open, so that what it reads by the pid is read of that very process: it must
 * answer the same for the same process.
 *
 * An identity is refused: when its parent exits, a process is re-parented, and nothing about it
 * tells its first parent any more. A session or a group keeps only a number, which may have been
 * reused.
 *
 * To end the processes with what they have started since, give each handle to
 * {@linkcode killTree}.
 *
 * @param wanted A mark, or a predicate.
 * @throws {RangeError} If a variable or a cgroup's path has more than 4096 bytes.
 * @throws {TypeError} If `wanted` is neither, or a predicate answers anything but a boolean; and
 * whatever a predicate throws.
 * @throws {PidfdError} `EREMOTE` if /proc belongs to another pid namespace; `ENOENT` if it is not
 * mounted; `EMFILE`, `ENFILE` or `ENOMEM` if no file descriptor is free: each process that is found
 * takes one.
 *
 * @example What the last run left behind, by a mark in the environment
 * ```ts
 * import { spawn } from "node:child_process";
 * import { findOrphans, killTree } from "@x/pidfd";
 *
 * const mark = { EXAMPLE_RUN: crypto.randomUUID() }; // stored by the last run
 * spawn("sleep", ["1000"], { env: { ...process.env, ...mark } }); // by the last run, in truth
 *
 * const orphans = findOrphans({ environment: mark });
 * console.log(orphans.size); // 1
 * await Promise.all([...orphans].map(({ handle }) => killTree(handle)));
 * orphans.close();
 * ```
 */
export function findOrphans(wanted: OrphanMark | OrphanPredicate): Orphans {
  const action = "find orphans";
  if (typeof wanted === "function") {
    return search((process) => isMeant(action, wanted(process)) ? "predicate" : null);
  }
  if (typeof wanted === "object" && wanted !== null && !("pid" in wanted)) {
    return findByMark(action, wanted);
  }
  throw new TypeError(
    `Cannot ${action}: an environment, a cgroup or a function must say which: ${show(wanted)}`,
  );
}

function findByMark(action: string, mark: OrphanMark): Orphans {
  const marks = toMarks(action, mark);
  const relation = mark.environment === undefined ? "cgroup" : "environment";
  return withProc((proc) =>
    search(({ pid, isKernelThread }) => {
      const isMarked = !isKernelThread && hasMarks(proc, pid, marks);
      return isMarked === null ? "unreadable" : isMarked ? relation : null;
    })
  );
}

/** What a predicate answers. A promise, which is no answer, would mean every process. */
function isMeant(action: string, answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  throw new TypeError(`Cannot ${action}: the predicate must answer a boolean: ${show(answer)}`);
}

/** Processes that fork at full speed could be followed for ever. */
const MAX_PASSES = 64;

/** Everything that one pass showed, and how those who are meant are related. */
interface Matches {
  meant: Map<ProcessEntry, Orphan["relation"]>;
  hidden: number;
  unreadable: number;
}

/** Pins whom a pass shows, and keeps who is still meant in a later pass, which the handle has outlived. */
function search(relationOf: Relation): Orphans {
  const pinned = new Map<number, Handle>();
  try {
    let matches = look(relationOf);
    for (let count = 0; count < MAX_PASSES && pin(matches, pinned); count++) {
      matches = look(relationOf);
    }
    const { hidden, unreadable } = matches;
    return new Orphans(keep(matches, pinned), hidden, PRIVATE, unreadable);
  } catch (error) {
    for (const handle of pinned.values()) handle.close();
    throw error;
  }
}

function look(relationOf: Relation): Matches {
  const entries: ProcessEntry[] = [];
  const { hidden } = withProc((proc) => {
    return proc.pass(true, (process) => entries.push(entryOf(process)));
  });
  const spared = ancestorsIn(new Map(entries.map((entry) => [entry.pid, entry])));
  const meant: Matches["meant"] = new Map();
  let unreadable = 0;
  for (const entry of entries) {
    if (hasEnded(entry) || spared.has(entry.pid)) continue;
    const relation = relationOf(entry);
    if (relation === "unreadable") unreadable++;
    else if (relation) meant.set(entry, relation);
  }
  return { meant, hidden, unreadable };
}

/** The state is the first thread's, which may end before the others: the process runs until all of them have ended. */
function hasEnded({ state, threads }: ProcessEntry): boolean {
  return state === "X" || (state === "Z" && threads <= 1);
}

/** Answers whether anybody was pinned who was not before. */
function pin({ meant }: Matches, pinned: Map<number, Handle>): boolean {
  let isNew = false;
  for (const { pid } of meant.keys()) {
    if (holdsPid(pinned.get(pid))) continue;
    pinned.get(pid)?.close();
    pinned.delete(pid);
    const fd = openIfThere(pid);
    if (fd === null) continue;
    pinned.set(pid, new Handle(fd, pid));
    isNew = true;
  }
  return isNew;
}

/** Those who are meant and were held during the last pass; closes the handles of the others. */
function keep({ meant }: Matches, pinned: Map<number, Handle>): Orphan[] {
  const found: Orphan[] = [];
  for (const [process, relation] of meant) {
    const handle = pinned.get(process.pid);
    // Its number is still its own, so what the pass and the predicate read by that number was read of it.
    if (handle && holdsPid(handle)) found.push({ handle: pidfdOf(handle), process, relation });
    else handle?.close();
    pinned.delete(process.pid);
  }
  for (const handle of pinned.values()) handle.close();
  return found;
}

function holdsPid(handle: Handle | undefined): boolean {
  return handle !== undefined && native().pid_of(handle.fd) === handle.knownPid;
}

/** Known in this file alone; at run time `private` would keep nobody out. */
const PRIVATE = Symbol("Orphans");
