/**
 * Walks from a root to all of its descendants, and pins each. The native library follows the
 * kernel's lists of children; where these don't tell all, it passes over /proc. Whoever becomes a
 * member was read while a pidfd named it, and while its parent's number was its parent's.
 *
 * @module
 */
import { atOnce, Pace } from "../../ffi/turn.ts";
import { TREE_ANSWERS } from "../../ffi/symbols.ts";
import { Handle } from "../handle/handle.ts";
import { ancestorsOf, ancestorsOfThis } from "../identity/ancestors.ts";
import { EBADF } from "../kernel/constants.ts";
import { failure } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { nameOf, Proc, type ProcessRecord, startTicksOf, withProc } from "../proc/scan.ts";
import { Member, type TreeRelation } from "./member.ts";
import { claimCgroup, type OwnCgroup } from "./cgroups.ts";
import { type Lost, type TreeFlag, type TreeOption, TreeTable } from "./table.ts";

/** Where a walk finds members besides the children of members. */
export interface WalkOptions {
  /** In the sessions that a member leads, or led. */
  readonly session: boolean;
  /** In the process groups that a member leads, or led. */
  readonly group: boolean;
}

/** Whether nothing is done to a member. */
export type Spares = (member: Member) => boolean;

/** How long a native call may take, in microseconds: whoever waits for an event waits no longer. */
const STEP_US = 2000;

/** No pid is greater, pid_max of proc_sys_kernel(5). */
const PID_MAX_LIMIT = 2 ** 22;

/** A tree that forks at full speed could be followed for ever. */
const MAX_PASSES = 64;

/** Reused by every read of a pinned process. */
const record: ProcessRecord = new NativeRecord("ProcessRecord");

/** The members of a tree, and how it grows. */
export class Walk {
  /** Every member ever found, each behind the one that it was found through. */
  readonly members: Member[] = [];
  readonly root: Member;
  /** How many processes /proc listed and refused to show in the last look. */
  hidden = 0;
  /** What has to happen while the handles can still be used. */
  readonly beforeClose: Set<() => void> = new Set();
  /** This process and its ancestors, as they were at the beginning of the last look. */
  ancestors: Set<number> = new Set();
  /** The ancestors of the root when the tree was begun. */
  readonly rootAncestors: ReadonlySet<number>;
  readonly #options: WalkOptions;
  readonly #table: TreeTable;
  /** The cgroup that the tree owns, where it is to be looked at. */
  #cgroup: OwnCgroup | null = null;
  #isClosed = false;

  /** Takes the ownership of the root's handle. */
  constructor(root: Handle, options: WalkOptions) {
    this.#options = options;
    this.#table = new TreeTable();
    this.rootAncestors = ancestorsOf(root.pid);
    const isRead = withProc((proc) => proc.read(root.fd, root.pid, record));
    this.root = this.#add({
      handle: root,
      read: isRead ? record : null,
      parent: null,
      relation: "root",
    });
  }

  /**
   * Takes in everything in the root's cgroup from now on; throws where that is not the tree's own.
   */
  claimCgroup(action: string): void {
    this.#cgroup = claimCgroup(action, this.root);
  }

  /** The cgroup whose members are all the tree's, where it is looked at. */
  get cgroup(): OwnCgroup | null {
    return this.#cgroup;
  }

  /** Since when members that ended may have had children whom nobody has seen; null if none may. */
  findLost(): Lost | null {
    // A scan behind the last pid that there can be: it only counts who has ended.
    this.#table.scanFrom(PID_MAX_LIMIT);
    this.#table.ask(["counts"]);
    withProc((proc) => this.#table.call("tree_scan", proc.fd, 0));
    return this.#table.lost;
  }

  /** Looks at once until nothing new is found; false if the tree still grew after so many looks. */
  look(): boolean {
    return atOnce(this.looking());
  }

  /** The same in steps. Nobody is stopped. */
  *looking(options: readonly TreeOption[] = [], passes = MAX_PASSES): Generator<void, boolean> {
    this.#begin();
    for (let count = 0; count < passes; count++) {
      if (!(yield* this.#run("tree_stand", options, count === 0))) return false;
      if (!this.#needsScan()) return true;
      if (!(yield* this.#scan(options))) return true;
    }
    return false;
  }

  /**
   * Stops the tree in steps, until nobody new is found and all stand still. `spares` says to whom
   * nothing is done.
   */
  *standing(options: readonly TreeOption[], spares: Spares): Generator<void, void> {
    this.#begin();
    this.#table.spare(this.ancestors);
    for (const member of this.members) this.set(member, "hands_off", spares(member));
    const asked: TreeOption[] = [...options, "stop", "counts"];
    for (let isFirst = true;; isFirst = false) {
      yield* this.#run("tree_stand", asked, isFirst, spares);
      if (!this.#needsScan()) return;
      if (!(yield* this.#scan(asked, spares))) return;
    }
  }

  #begin(): void {
    this.checkOpen();
    this.hidden = 0;
    this.ancestors = ancestorsOfThis([this.root.pid]);
  }

  /**
   * Kills what can be killed within a step; one of `TREE_ANSWERS`. Whoever is spared is marked
   * here too: without a stop nobody was before.
   */
  kill(isAnyway: boolean, spares: Spares): number {
    this.checkOpen();
    this.#table.spare(this.ancestors);
    for (const member of this.members) if (spares(member)) this.set(member, "hands_off", true);
    const known = this.members.length;
    this.#table.ask(isAnyway ? ["anyway", "force", "counts"] : ["stop", "force", "counts"]);
    const answer = withProc((proc) => {
      try {
        return this.#table.call("tree_kill", proc.fd, STEP_US);
      } finally {
        this.#absorb();
      }
    });
    return this.#decide(known, spares) ? TREE_ANSWERS.again : answer;
  }

  /** Whether the table has a flag of a member. */
  has(member: Member, flag: TreeFlag): boolean {
    return this.#table.has(member.index, flag);
  }

  /** Sets or clears a flag of a member. */
  set(member: Member, flag: TreeFlag, isSet: boolean): void {
    this.#table.set(member.index, flag, isSet);
  }

  /** What was read of a member the last time. */
  detailsOf(member: Member): MemberDetails {
    const { index } = member;
    return {
      group: this.#table.number(index, "group"),
      session: this.#table.number(index, "session"),
      handled: this.#table.number(index, "handled"),
      caught: this.#table.number(index, "caught"),
    };
  }

  /** Closes the handle of a member that has ended. */
  release(member: Member): void {
    this.#table.row(member.index).set("pidfd", -1);
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

  /** Calls a native function until it is done; false where it gave up. */
  *#run(
    name: "tree_stand" | "tree_scan",
    options: readonly TreeOption[],
    isFirst: boolean,
    spares: Spares = () => true,
  ): Generator<void, boolean> {
    const proc = new Proc();
    try {
      for (let begins = isFirst;; begins = false) {
        this.checkOpen();
        this.#table.ask(begins ? [...options, "begin"] : options);
        const known = this.members.length;
        let answer: number;
        try {
          answer = this.#table.call(name, proc.fd, STEP_US);
        } finally {
          this.#absorb();
        }
        if (this.#decide(known, spares)) continue;
        if (answer === TREE_ANSWERS.done) return true;
        if (answer === TREE_ANSWERS.unsettled) return false;
        yield;
      }
    } finally {
      proc.close();
    }
  }

  /** Makes members of the rows that a native call has added. */
  #absorb(): void {
    this.hidden = Math.max(this.hidden, this.#table.hidden);
    for (let index = this.members.length; index < this.#table.count; index++) {
      const row = this.#table.row(index);
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
    if (this.#table.has(index, "by_session")) return "session";
    return this.#table.has(index, "by_group") ? "group" : "parent";
  }

  /** Decides of those who share a bit with somebody spared; whether there was one who is not. */
  #decide(from: number, spares: Spares): boolean {
    let isAnyWanted = false;
    for (const member of this.members.slice(from)) {
      if (!this.has(member, "undecided")) continue;
      this.set(member, "undecided", false);
      if (spares(member)) continue;
      this.set(member, "hands_off", false);
      this.set(member, "stands", false);
      isAnyWanted = true;
    }
    if (isAnyWanted) this.#table.lookAgain();
    return isAnyWanted;
  }

  /** Whether the lists of children don't tell all. */
  #needsScan(): boolean {
    if (this.#table.isUnlisted || this.hidden > 0 || this.#cgroup !== null) return true;
    const { session, group } = this.#options;
    return this.members.some((member) =>
      (session && this.has(member, "leads_session")) || (group && this.has(member, "leads_group"))
    );
  }

  /**
   * Passes over all processes; whether somebody is new, or was gone before it could be pinned.
   * Where there are no lists of children it then follows those who are new: whoever they have
   * forked meanwhile has a greater pid.
   */
  *#scan(options: readonly TreeOption[], spares?: Spares): Generator<void, boolean> {
    const { session, group } = this.#options;
    const wanted = [...options];
    if (session) wanted.push("sessions");
    if (group) wanted.push("groups");
    const before = this.members.length;
    let known = before;
    this.#table.scanFrom(0);
    yield* this.#run("tree_scan", wanted, false, spares);
    const { hidden } = this;
    const { hasMissed } = this.#table;
    while (this.#table.isUnlisted && this.members.length > known) {
      const newPids = this.members.slice(known).map(({ pid }) => pid);
      known = this.members.length;
      this.#table.scanFrom(Math.min(...newPids));
      yield* this.#run("tree_scan", wanted, false, spares);
    }
    this.hidden = hidden;
    if (this.#cgroup !== null) yield* this.#scanCgroup(this.#cgroup);
    return hasMissed || this.members.length > before;
  }

  *#scanCgroup(cgroup: OwnCgroup): Generator<void, void> {
    const proc = new Proc();
    try {
      const pids: number[] = [];
      yield* proc.passInSteps(false, (process) => pids.push(process.number("pid")));
      const known = new Set(this.members.filter((one) => one.holdsPid()).map(({ pid }) => pid));
      for (const [count, pid] of pids.entries()) {
        if (count % 32 === 31) yield;
        this.checkOpen();
        if (!known.has(pid)) this.#takeByCgroup(proc, pid, cgroup);
      }
    } finally {
      proc.close();
    }
  }

  /** Pins a process, reads it, and keeps it if it is in the tree's cgroup. */
  #takeByCgroup(proc: Proc, pid: number, cgroup: OwnCgroup): void {
    const fd = proc.pin(pid, record);
    if (fd === "hidden") this.hidden++;
    if (typeof fd !== "number") return;
    let isMember = false;
    try {
      isMember = cgroup.holds({ fd, knownPid: pid }, this.members);
    } finally {
      if (!isMember) native().close(fd);
    }
    if (!isMember) return;
    this.#add({ handle: new Handle(fd, pid), read: record, parent: this.root, relation: "cgroup" });
  }

  /** Adds a member that was pinned here; the native library reads it when it is called next. */
  #add({ handle, read, parent, relation }: Added): Member {
    const index = this.members.length;
    const { pid } = handle;
    const row = this.#table.add();
    row.set("pid", pid);
    row.set("pidfd", handle.fd);
    row.set("parent", parent?.index ?? -1);
    row.set("depth", parent ? parent.depth + 1 : 0);
    this.#table.set(index, "unread", true);
    const startTicks = read ? startTicksOf(read) : -1;
    const name = read ? nameOf(read) : "";
    const member = new Member({ index, handle, pid, name, startTicks, parent, relation });
    this.members.push(member);
    return member;
  }
}

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
interface Added {
  readonly handle: Handle;
  /** What was read of it; null where nothing could be. */
  readonly read: ProcessRecord | null;
  readonly parent: Member | null;
  readonly relation: TreeRelation;
}
