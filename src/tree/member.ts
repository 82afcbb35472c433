/**
 * A process of a tree: pinned by a handle that the tree owns, with what was read of it while it was
 * pinned.
 *
 * @module
 */
import type { Handle } from "../handle/handle.ts";
import { native } from "../kernel/native.ts";
import type { ProcessRecord } from "../proc/scan.ts";
import { type Pidfd, pidfdOf } from "../pidfd.ts";

/** How a process was found to belong to a tree. */
export type TreeRelation = "root" | "parent" | "session" | "group" | "cgroup";

/** A process of a tree. `JSON.stringify()` takes it: without its handle, and its parent as a pid. */
export interface TreeMember {
  /**
   * Its handle, which is the tree's and is closed with it: its own `close()` does nothing, and
   * `detach()` gives a duplicate.
   */
  readonly handle: Pidfd;
  /** The number that it has, or had. */
  readonly pid: number;
  /** The name of its program when it was found. */
  readonly name: string;
  /** How far it is from the root, which has 0. */
  readonly depth: number;
  /** The member that it was found through; null for the root. */
  readonly parent: TreeMember | null;
  /**
   * Whether it was found as its parent's child, or by a session, process group or cgroup that
   * belongs to the tree.
   */
  readonly relation: TreeRelation;
}

/** What a member is made from. */
export interface Found {
  /** Its row in the table. */
  index: number;
  handle: Handle;
  pid: number;
  name: string;
  startTicks: number;
  parent: Member | null;
  relation: TreeRelation;
}

/** Whether nothing is done to a member. */
export type Spares = (member: Member) => boolean;

/** What is known of a member besides. */
export interface MemberDetails {
  readonly group: number;
  readonly session: number;
  /** The signals 1 to 31 that it handles, ignores or blocks, a bit each from the lowest on. */
  readonly handled: number;
  /** Those for which it has a handler. */
  readonly caught: number;
}

/** A member that was pinned outside the native library. */
export interface Added {
  readonly handle: Handle;
  /** What was read of it; null where nothing could be. */
  readonly read: ProcessRecord | null;
  readonly parent: Member | null;
  readonly relation: TreeRelation;
}

export class Member implements TreeMember {
  readonly index: number;
  /** The descriptor; `handle` is what the caller gets. */
  readonly core: Handle;
  readonly pid: number;
  readonly name: string;
  readonly startTicks: number;
  readonly depth: number;
  readonly parent: Member | null;
  readonly relation: TreeRelation;
  /** Those that were found through this one. */
  readonly children: Member[] = [];
  #pidfd: Pidfd | undefined;

  constructor({ index, handle, pid, name, startTicks, parent, relation }: Found) {
    this.index = index;
    this.core = handle;
    this.pid = pid;
    this.name = name;
    this.startTicks = startTicks;
    this.parent = parent;
    this.relation = relation;
    this.depth = parent ? parent.depth + 1 : 0;
    parent?.children.push(this);
  }

  /**
   * Made when it is asked for: most members are only signalled. Borrowed, because a process whose
   * handle somebody has closed would be neither ended nor told of, and would stay stopped.
   */
  get handle(): Pidfd {
    this.core.isBorrowed = true;
    return this.#pidfd ??= pidfdOf(this.core);
  }

  /** Members know each other, which JSON can't say. */
  toJSON(): object {
    const { pid, name, depth, parent, relation } = this;
    return { pid, name, depth, parent: parent?.pid ?? null, relation };
  }

  /** What `console.log` shows in Node and Bun. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.#description();
  }

  /** What Deno shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.#description();
  }

  #description(): string {
    const { pid, name, depth, relation } = this;
    return `TreeMember { pid: ${pid}, name: ${
      JSON.stringify(name)
    }, depth: ${depth}, relation: "${relation}" }`;
  }

  /**
   * Whether its number is still its own: it was not reaped. What was read by that number before was
   * read of it.
   */
  holdsPid(): boolean {
    return !this.core.closed && native().pid_of(this.core.fd) === this.pid;
  }

  /** Whether it runs; a closed one was let go because it had ended. */
  runs(): boolean {
    return !this.core.closed && this.core.isAlive();
  }
}
