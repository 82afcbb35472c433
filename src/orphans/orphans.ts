/**
 * Finds what a program that has ended left behind.
 *
 * @module
 */
import { Handle } from "../handle/handle.ts";
import { ancestorsIn } from "../identity/ancestors.ts";
import { type ProcessIdentity, toIdentity } from "../identity/identity.ts";
import { openIfThere } from "../identity/reopen.ts";
import { show } from "../kernel/arguments.ts";
import { EBADF } from "../kernel/constants.ts";
import { failure } from "../kernel/errors.ts";
import { makeDistinct } from "../kernel/inspection.ts";
import { native } from "../kernel/native.ts";
import { type Pidfd, pidfdOf } from "../pidfd.ts";
import { entryOf, type ProcessEntry } from "../proc/processes.ts";
import { withProc } from "../proc/scan.ts";
import { type DeadParent, deadParent } from "./dead_parent.ts";
import { hasMarks, type OrphanMark, toMarks } from "./mark.ts";

/** A process that was left behind. */
export interface Orphan {
  /** Its handle, which is closed with the list. */
  readonly handle: Pidfd;
  /** What it was while the handle named its pid. */
  readonly process: ProcessEntry;
  /** Why it is one: the session or the process group of the dead process, a mark, or your predicate. */
  readonly relation: "session" | "group" | "environment" | "cgroup" | "predicate";
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
 * Finds what a program that has ended left behind, and holds each of them by a handle: by a mark that its children inherit, by
 * the identity that the program had, or by a predicate of yours. Zombies, this process and its ancestors are none of them.
 *
 * **By identity**, found is who is in the session or in the process group that the dead process led. That is proved, not
 * guessed: the kernel gives the number of a session or group to nobody while anybody is in it; so the number is that of the
 * dead process while that is a zombie, and, on Linux 6.14 to 6.19, after it was reaped too, for as long as its inode is
 * found. On other kernels who is in the session of a reaped process can't be told from the orphans of a stranger who had
 * the number later: where anybody is there, `EOPNOTSUPP` is thrown, where nobody is, the list is empty. So it is wherever the
 * identity has no boot (util-linux's `PID:INODE`): inodes are counted anew at each. That number and inode are those of one
 * process is believed: give what {@linkcode Pidfd.identity} has made. Where /proc hides an ancestor of this process, before
 * Linux 6.13, whoever was started before this process may be one too, and is left out.
 *
 * So it finds what a service, a job of a shell, or a child that was spawned `detached` has left, where those
 * led a session or group; an empty list does not say that nothing is left. Not found is who began a session and a group of its
 * own, as daemons and children that were spawned `detached` do; and nobody at all where the dead process led neither: its
 * children are given to another parent when it ends, and nothing about them tells of it any more. The identity has to be one that
 * was made in this pid namespace, since its number counts there.
 *
 * **By a mark**, on every kernel: variables of the environment with which a process was executed, or a cgroup. Children
 * inherit both, also those that begin a session and whose parents have exited. Give the mark to what you start, a random
 * value best: whoever has it is taken for yours. It is read of each process while a handle holds it. A process can clear its
 * environment (`env -i`) or overwrite it (setproctitle(3)); it is then not found by it. A process that may not be read
 * (ptrace(2), PTRACE_MODE_READ: another user's, or a setuid program) is left out and counted as `unreadable`.
 *
 * **By a predicate** everything else can be found. It is asked for every process, and again while those that it has chosen are held, so that what it reads
 * by the pid is read of that very process: it must answer the same for the same process. Whether that was a child of your
 * program is for the predicate to know.
 *
 * To end them with what they have started since, give each handle to {@linkcode killTree}.
 *
 * @param parent The identity of the dead process, or its text; or a mark; or a predicate.
 * @throws {RangeError} If a variable or a cgroup's path has more than 4096 bytes.
 * @throws {TypeError} If `parent` is none of them, or a predicate answers anything but a boolean; and whatever a predicate throws.
 * @throws {PidfdError} `EBUSY` if the process of the identity has not ended; `EOPNOTSUPP` if somebody is in
 * a session or group of its number, and it can't be told whose that is; `EREMOTE` if /proc belongs to another pid namespace; `ENOENT` if it is not mounted;
 * `EMFILE`, `ENFILE` or `ENOMEM` if no descriptor is free: each process that is found takes one.
 *
 * @example What is left of the last run, by a mark in the environment
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
 *
 * @example What is left in the session of a service that has ended
 * ```ts
 * import { findOrphans, Pidfd } from "@x/pidfd";
 *
 * const self = Pidfd.self();
 * const identity = String(self.identity()); // stored by the last run
 * self.close();
 * try {
 *   const orphans = findOrphans(identity);
 *   for (const { process } of orphans) console.log(process.pid, process.name);
 *   orphans.close();
 * } catch (error) {
 *   console.log((error as { code: string }).code); // EBUSY
 * }
 * ```
 */
export function findOrphans(
  parent: ProcessIdentity | string | OrphanMark | OrphanPredicate,
): Orphans {
  const action = "find orphans";
  if (typeof parent === "function") {
    return search((process) => isMeant(action, parent(process)) ? "predicate" : null, () => {});
  }
  if (typeof parent === "string" || isIdentityLike(parent)) {
    return findByIdentity(toIdentity(action, parent));
  }
  if (typeof parent === "object" && parent !== null) return findByMark(action, parent);
  throw new TypeError(
    `Cannot ${action}: "parent" must be an identity, a mark or a function: ${show(parent)}`,
  );
}

function isIdentityLike(parent: unknown): parent is ProcessIdentity {
  return typeof parent === "object" && parent !== null && "pid" in parent;
}

function findByIdentity(identity: ProcessIdentity): Orphans {
  const dead = deadParent(identity);
  if (!dead) return new Orphans([], 0, PRIVATE);
  try {
    return search((process) => relationTo(dead, process), () => dead.prove());
  } finally {
    dead.close();
  }
}

function findByMark(action: string, mark: OrphanMark): Orphans {
  const marks = toMarks(action, mark);
  const relation = mark.environment === undefined ? "cgroup" : "environment";
  return withProc((proc) =>
    search(({ pid, isKernelThread }) => {
      const isMarked = !isKernelThread && hasMarks(proc, pid, marks);
      return isMarked === null ? "unreadable" : isMarked ? relation : null;
    }, () => {})
  );
}

/** What a predicate answers. A promise, which is no answer, would mean every process. */
function isMeant(action: string, answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  throw new TypeError(`Cannot ${action}: the predicate must answer a boolean: ${show(answer)}`);
}

function relationTo({ pid }: DeadParent, process: ProcessEntry): Orphan["relation"] | null {
  if (process.session === pid) return "session";
  return process.processGroup === pid ? "group" : null;
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
function search(relationOf: Relation, prove: () => void): Orphans {
  const pinned = new Map<number, Handle>();
  try {
    let matches = look(relationOf);
    for (let count = 0; count < MAX_PASSES && pin(matches, pinned); count++) {
      matches = look(relationOf);
    }
    // That nobody is there needs no proof.
    if (matches.meant.size > 0) prove();
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
