/**
 * Walks from a root to all of its descendants, and pins each. What a pass over /proc shows is only a hint: a process
 * becomes a member when it was read while a pidfd named it, and while its parent's number was its parent's. Most are pinned by the
 * pass itself.
 *
 * @module
 */
import { Handle } from "../handle/handle.ts";
import { ancestorsIn } from "../identity/ancestors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { lastBorn } from "../proc/births.ts";
import { nameOf, type Proc, type ProcessRecord, startTicksOf, withProc } from "../proc/scan.ts";
import { type Entry, Sight } from "../proc/sight.ts";
import { Member, type TreeRelation } from "./member.ts";
import { claimCgroup, type OwnCgroup } from "./own_cgroup.ts";

/** Where a walk finds members besides the children of members. */
export interface WalkOptions {
  /** In the sessions that a member leads, or led. */
  readonly session: boolean;
  /** In the process groups that a member leads, or led. */
  readonly group: boolean;
}

/** Reused by every read of a pinned process. */
const record: ProcessRecord = new NativeRecord("ProcessRecord");

/** The members of a tree, and how it grows. */
export class Walk {
  /** Every member ever found, each behind the one that it was found through. */
  readonly members: Member[] = [];
  readonly root: Member;
  /** How many processes /proc listed and refused to show in the last pass. */
  hidden = 0;
  /** What has to happen while the handles can still be used. */
  readonly beforeClose: Set<() => void> = new Set();
  /** This process and its ancestors, as the last pass showed them. */
  ancestors: Set<number> = new Set();
  readonly #options: WalkOptions;
  /** Whether the last pass has let go of one that may belong to the tree: it has ended, or has another parent now. */
  #isDoubtful = false;
  /** Who was born last before the last pass, and when that ended, if it has found everybody who was there. */
  #whole: { born: number; at: number } | null = null;
  /** The cgroup that the tree owns, where it is to be looked at. */
  #cgroup: OwnCgroup | null = null;
  /** Those that were pinned only after the last pass had shown everything. */
  readonly #late = new Set<Member>();
  /** The members that may still have children, by their numbers. */
  readonly #holders = new Map<number, Member>();
  /** The members that led a session or a process group when they were seen, by its number. */
  readonly #leaders = { session: new Map<number, Member>(), group: new Map<number, Member>() };

  /** Takes the ownership of the root's handle. */
  constructor(root: Handle, pid: number, options: WalkOptions) {
    this.#options = options;
    const isRead = withProc((proc) => proc.read(root.fd, pid, record));
    const name = isRead ? nameOf(record) : "";
    const startTicks = isRead ? startTicksOf(record) : -1;
    this.root = this.#add({ handle: root, pid, name, startTicks, parent: null, relation: "root" });
  }

  /** Takes in everything in the root's cgroup from now on; throws where that is not the tree's own. */
  claimCgroup(action: string): void {
    this.#cgroup = claimCgroup(action, this.root);
  }

  /** The cgroup whose members are all the tree's, where it is looked at. */
  get cgroup(): OwnCgroup | null {
    return this.#cgroup;
  }

  /** Looks once through all processes; answers the members that it found. */
  pass(): Member[] {
    const known = this.members.length;
    const sight = new Sight();
    const born = lastBorn();
    this.#whole = null;
    try {
      withProc((proc) => this.#passWith(proc, sight));
    } finally {
      sight.close();
    }
    const found = this.members.slice(known);
    if (born !== null && this.#isWhole(found)) this.#whole = { born, at: performance.now() };
    return found;
  }

  #passWith(proc: Proc, sight: Sight): void {
    this.#isDoubtful = false;
    this.#late.clear();
    sight.look(proc, this.#holders.keys());
    this.hidden = sight.hidden;
    this.ancestors = ancestorsIn(sight.byPid, [this.root.pid]);
    this.#forgetReaped();
    const known = this.members.length;
    for (const member of this.#holders.values()) this.#noteLeader(member, sight);
    for (const member of [...this.#holders.values()]) this.#visit(proc, member, sight);
    // The list grows while it is walked: what was found has children of its own.
    for (let at = known; at < this.members.length; at++) {
      this.#noteLeader(this.members[at], sight);
      this.#visit(proc, this.members[at], sight);
    }
    if (this.#options.session) this.#visitLed(proc, "session", sight);
    if (this.#options.group) this.#visitLed(proc, "group", sight);
    if (this.#cgroup !== null) this.#visitCgroup(proc, this.#cgroup, sight);
  }

  /**
   * Passes until one finds nothing new, or until nobody can be there whom it has not found; false if the tree still grew after so
   * many.
   */
  settle(passes: number): boolean {
    for (let count = 0; count < passes; count++) {
      if (this.isUnchanged() || this.pass().length === 0) return true;
    }
    return this.isUnchanged();
  }

  /** Whether a pass has found everybody who was there when it began, so that only who is born later can be missing. */
  #isWhole(found: Member[]): boolean {
    if (this.#isDoubtful || this.hidden > 0) return false;
    if (this.#options.group || this.#cgroup !== null) return false;
    return found.every(({ relation }) => relation === "parent");
  }

  /**
   * Whether nobody can be in the tree whom the last pass has not found: nobody was born since before it, nor can somebody who was born
   * long ago join or be shown. It is sure for a moment only, in which nobody can have gone round all the numbers.
   */
  isUnchanged(): boolean {
    const whole = this.#whole;
    if (whole === null || performance.now() - whole.at > 50) return false;
    return whole.born === lastBorn();
  }

  /** Closes every handle. */
  close(): void {
    for (const action of this.beforeClose) action();
    for (const { pinned } of this.members) pinned.close();
    this.#holders.clear();
  }

  #add(found: ConstructorParameters<typeof Member>[0]): Member {
    const member = new Member(found);
    this.members.push(member);
    this.#holders.set(member.pid, member);
    return member;
  }

  /** A number that was given back may be a stranger's, or that of a new member. */
  #forgetReaped(): void {
    for (const [pid, member] of this.#holders) {
      if (!member.holdsPid()) this.#holders.delete(pid);
    }
  }

  #noteLeader(member: Member, sight: Sight): void {
    const entry = sight.byPid.get(member.pid);
    if (!entry) return;
    if (entry.session === member.pid) this.#leaders.session.set(member.pid, member);
    if (entry.group === member.pid) this.#leaders.group.set(member.pid, member);
  }

  #visit(proc: Proc, parent: Member, sight: Sight): void {
    const children = sight.byParent.get(parent.pid);
    if (!children) return;
    // Its number was its own from before the pass until now, or it was the process that the pass showed.
    const wasParent = parent.holdsPid();
    for (const entry of children) {
      if (this.#holders.has(entry.pid)) continue;
      // Pinned and read while this parent was, which has had its number from then until now.
      if (wasParent && entry.pidfd >= 0 && this.#wasPinnedBefore(parent, entry)) {
        const handle = new Handle(sight.take(entry), entry.pid);
        this.#add({ ...entry, handle, parent, relation: "parent" });
        continue;
      }
      this.#take(proc, entry, parent, "parent", () => {
        if (record.number("ppid") === parent.pid) return parent.holdsPid();
        // It has been given to another parent since. Who started before the pass can't have been replaced by somebody
        // who seems as old: whoever takes a number after the pass began starts after it began.
        return wasParent && isOlder(parent.startTicks, sight) && isOlder(entry.startTicks, sight) &&
          startTicksOf(record) === entry.startTicks;
      });
    }
  }

  /** Whether a member was held when the pass came to a process. It goes by ascending pids. */
  #wasPinnedBefore(member: Member, entry: Entry): boolean {
    return member.pid < entry.pid && !this.#late.has(member);
  }

  /** Those in a session or group of the tree that are nobody's children in it: their parents ended before the walk. */
  #visitLed(proc: Proc, kind: "session" | "group", sight: Sight): void {
    for (const entry of sight.byPid.values()) {
      const leader = this.#leaders[kind].get(entry[kind]);
      if (!leader || this.#holders.has(entry.pid)) continue;
      const member = this.#take(
        proc,
        entry,
        leader,
        kind,
        () => record.number(kind) === entry[kind] && this.#isHeld(proc, kind, entry[kind], sight),
      );
      if (member) this.#visit(proc, member, sight);
    }
  }

  #visitCgroup(proc: Proc, cgroup: OwnCgroup, sight: Sight): void {
    for (const entry of sight.byPid.values()) {
      if (this.#holders.has(entry.pid)) continue;
      this.#take(proc, entry, this.root, "cgroup", (fd) => {
        return cgroup.holds({ fd, knownPid: entry.pid }, this.members);
      });
    }
  }

  /**
   * Whether the number of a session or group was the tree's when the record was filled: it can't go to another one
   * while its leader has it as pid, or while a member that was in it during the pass is in it still.
   */
  #isHeld(proc: Proc, kind: "session" | "group", number: number, sight: Sight): boolean {
    if (this.#leaders[kind].get(number)?.holdsPid()) return true;
    for (const member of this.#holders.values()) {
      const wasInIt = sight.byPid.get(member.pid)?.[kind] === number;
      if (!wasInIt || !isOlder(member.startTicks, sight)) continue;
      if (proc.read(member.pinned.fd, member.pid, witness) && witness.number(kind) === number) {
        return true;
      }
    }
    return false;
  }

  /** Pins what the pass showed, reads it again, and keeps it if `isOurs` says so of the record. */
  #take(
    proc: Proc,
    entry: Entry,
    parent: Member,
    relation: TreeRelation,
    isOurs: (fd: number) => boolean,
  ): Member | null {
    const fd = proc.pin(entry.pid, record);
    if (fd === "hidden") this.hidden++;
    if (typeof fd !== "number") {
      this.#isDoubtful ||= fd === null;
      return null;
    }
    if (!judge(fd, isOurs)) {
      this.#isDoubtful = true;
      return null;
    }
    const { pid } = entry;
    const handle = new Handle(fd, pid);
    const startTicks = startTicksOf(record);
    const found = { handle, pid, name: nameOf(record), startTicks, parent, relation };
    const member = this.#add(found);
    this.#late.add(member);
    return member;
  }
}

/** Asks whether a process is one of the tree; closes its descriptor where it is not, or where that can't be told. */
function judge(fd: number, isOurs: (fd: number) => boolean): boolean {
  let isMember = false;
  try {
    isMember = isOurs(fd);
  } finally {
    if (!isMember) native().close(fd);
  }
  return isMember;
}

/** For the second process in a question about two. */
const witness: ProcessRecord = new NativeRecord("ProcessRecord");

/** Whether what has this start time was started before the pass began, whatever the clock's grain. */
function isOlder(startTicks: number, sight: Sight): boolean {
  return startTicks >= 0 && startTicks < sight.startTicks - 1;
}
