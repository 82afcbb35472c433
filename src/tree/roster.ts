/**
 * Who is in a tree: its members, and their rows in the native table, which grow together.
 *
 * @module
 */
import { Pace } from "../../ffi/turn.ts";
import { TREE_ANSWERS } from "../../ffi/symbols.ts";
import { Handle } from "../handle/handle.ts";
import { EBADF } from "../kernel/constants.ts";
import { failure } from "../kernel/errors.ts";
import { nameOf, Proc, startTicksOf } from "../proc/scan.ts";
import {
  type Added,
  Member,
  type MemberDetails,
  type Spares,
  type TreeRelation,
} from "./member.ts";
import { type TreeAnswer, type TreeFlag, type TreeOption, TreeTable } from "./table.ts";

/** How long a native call may take, in microseconds: whoever waits for an event waits no longer. */
const STEP_US = 2000;

/** The members of a tree; {@linkcode Walk} says how it grows. */
export class Roster {
  /** Every member ever found, each behind the one that it was found through. */
  readonly members: Member[] = [];
  /** How many processes /proc listed and refused to show in the last look. */
  hidden = 0;
  /** What has to happen while the handles can still be used. */
  readonly beforeClose: Set<() => void> = new Set();
  protected readonly table: TreeTable = new TreeTable();
  #isClosed = false;

  /** Whether the table has a flag of a member. */
  has(member: Member, flag: TreeFlag): boolean {
    return this.table.has(member.index, flag);
  }

  /** Sets or clears a flag of a member. */
  set(member: Member, flag: TreeFlag, isSet: boolean): void {
    this.table.set(member.index, flag, isSet);
  }

  /** What was read of a member the last time. */
  detailsOf({ index }: Member): MemberDetails {
    return {
      group: this.table.number(index, "group"),
      session: this.table.number(index, "session"),
      handled: this.table.number(index, "handled"),
      caught: this.table.number(index, "caught"),
    };
  }

  /** Closes the handle of a member that has ended. */
  release(member: Member): void {
    this.table.row(member.index).set("pidfd", -1);
    member.core.close();
  }

  /** Closes every handle. */
  close(): void {
    for (const action of this.beforeClose) action();
    this.#isClosed = true;
    for (const member of this.members) if (!member.core.closed) this.release(member);
  }

  /** The same of those that have ended, piece by piece. */
  async closeEnded(): Promise<void> {
    const pace = new Pace();
    for (const member of this.members) {
      if (this.#isClosed) return;
      if (!member.core.closed && !member.runs()) this.release(member);
      if (pace.isDue) await pace.rest();
    }
  }

  /** Throws EBADF once the tree is closed. */
  checkOpen(): void {
    if (!this.#isClosed) return;
    throw failure({ errno: EBADF, syscall: "pidfd", reason: "the tree was closed meanwhile" });
  }

  /** Adds a member that was pinned here; the native library reads it when it is called next. */
  add({ handle, read, parent, relation }: Added): Member {
    const index = this.members.length;
    const { pid } = handle;
    const row = this.table.add();
    row.set("pid", pid);
    row.set("pidfd", handle.fd);
    row.set("parent", parent?.index ?? -1);
    row.set("depth", parent ? parent.depth + 1 : 0);
    this.table.set(index, "unread", true);
    const startTicks = read ? startTicksOf(read) : -1;
    const name = read ? nameOf(read) : "";
    const member = new Member({ index, handle, pid, name, startTicks, parent, relation });
    this.members.push(member);
    return member;
  }

  /** Calls a native function until it is done; false where it gave up. */
  protected *run(
    name: "tree_stand" | "tree_scan",
    options: readonly TreeOption[],
    isFirst: boolean,
    spares: Spares = () => true,
  ): Generator<void, boolean> {
    const proc = new Proc();
    try {
      for (let begins = isFirst;; begins = false) {
        this.checkOpen();
        this.table.ask(begins ? [...options, "begin"] : options);
        const known = this.members.length;
        const answer = this.step(name, proc);
        if (this.decide(known, spares)) continue;
        if (answer === TREE_ANSWERS.done) return true;
        if (answer === TREE_ANSWERS.unsettled) return false;
        yield;
      }
    } finally {
      proc.close();
    }
  }

  /** One native call. Whoever it has added becomes a member, also where it fails then. */
  protected step(name: "tree_stand" | "tree_kill" | "tree_scan", proc: Proc): TreeAnswer {
    try {
      return this.table.call(name, proc.fd, STEP_US);
    } finally {
      this.#absorb();
    }
  }

  /** Decides of those who share a bit with somebody spared; whether there was one who is not. */
  protected decide(from: number, spares: Spares): boolean {
    let isAnyWanted = false;
    for (const member of this.members.slice(from)) {
      if (!this.has(member, "undecided")) continue;
      this.set(member, "undecided", false);
      if (spares(member)) continue;
      this.set(member, "hands_off", false);
      this.set(member, "stands", false);
      isAnyWanted = true;
    }
    if (isAnyWanted) this.table.lookAgain();
    return isAnyWanted;
  }

  /** Makes members of the rows that a native call has added. */
  #absorb(): void {
    this.hidden = Math.max(this.hidden, this.table.hidden);
    for (let index = this.members.length; index < this.table.count; index++) {
      const row = this.table.row(index);
      const pid = row.number("pid");
      this.members.push(
        new Member({
          index,
          handle: new Handle(row.number("pidfd"), pid),
          pid,
          name: row.text("name", row.number("name_length")),
          startTicks: Number(row.bigint("start_ticks")),
          parent: this.members[row.number("parent")],
          relation: this.#relationOf(index),
        }),
      );
    }
  }

  #relationOf(index: number): TreeRelation {
    if (this.table.has(index, "by_session")) return "session";
    return this.table.has(index, "by_group") ? "group" : "parent";
  }
}
