/**
 * Walks from a root to all of its descendants, and pins each. The native library follows the
 * kernel's lists of children; where these don't tell all, it passes over /proc. Whoever becomes a
 * member was read while a pidfd named it, and while its parent's number was its parent's.
 *
 * @module
 */
import { atOnce } from "../../ffi/turn.ts";
import { TREE_ANSWERS } from "../../ffi/symbols.ts";
import type { Handle } from "../handle/handle.ts";
import { ancestorsOf, ancestorsOfThis } from "../identity/ancestors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { type ProcessRecord, withProc } from "../proc/scan.ts";
import { scanCgroup } from "./cgroup_scan.ts";
import { claimCgroup, type OwnCgroup } from "./cgroups.ts";
import type { Member, Spares } from "./member.ts";
import { Roster } from "./roster.ts";
import { adoption } from "./subreaper.ts";
import type { Lost, TreeOption } from "./table.ts";

/** Where a walk finds members besides the children of members. */
interface WalkOptions {
  /** In the sessions that a member leads, or led. */
  readonly session: boolean;
  /** In the process groups that a member leads, or led. */
  readonly group: boolean;
}

/** No pid is greater, pid_max of proc_sys_kernel(5). */
const PID_MAX_LIMIT = 2 ** 22;

/** A tree that forks at full speed could be followed for ever. */
const MAX_PASSES = 64;

/** Reused by every read of a pinned process. */
const record: ProcessRecord = new NativeRecord("ProcessRecord");

/** The members of a tree, and how it grows. */
export class Walk extends Roster {
  readonly root: Member;
  /** This process and its ancestors, as they were at the beginning of the last look. */
  ancestors: Set<number> = new Set();
  /** The ancestors of the root when the tree was begun. */
  readonly rootAncestors: ReadonlySet<number>;
  readonly #adoption: number | null = adoption();
  readonly #options: WalkOptions;
  /** The cgroup that the tree owns, where it is to be looked at. */
  #cgroup: OwnCgroup | null = null;

  /** Takes the ownership of the root's handle. */
  constructor(root: Handle, options: WalkOptions) {
    super();
    this.#options = options;
    this.rootAncestors = ancestorsOf(root.pid);
    const isRead = withProc((proc) => proc.read(root.fd, root.pid, record));
    this.root = this.add({
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

  /**
   * Whether whoever was orphaned since the walk was begun is a child of the root: that is this
   * process, to whom orphans were given all the time.
   */
  get keepsOrphans(): boolean {
    if (this.root.pid !== native().own_pid()) return false;
    return this.#adoption !== null && this.#adoption === adoption();
  }

  /** Since when members that ended may have had children whom nobody has seen; null if none may. */
  findLost(): Lost | null {
    // A scan behind the last pid that there can be: it only counts who has ended.
    this.table.scanFrom(PID_MAX_LIMIT);
    this.table.ask(["counts"]);
    withProc((proc) => this.table.call("tree_scan", proc.fd, 0));
    return this.table.lost;
  }

  /** Looks at once until nothing new is found; false if the tree still grew after so many looks. */
  look(): boolean {
    return atOnce(this.looking());
  }

  /** The same in steps. Nobody is stopped. */
  *looking(options: readonly TreeOption[] = [], passes = MAX_PASSES): Generator<void, boolean> {
    this.#begin();
    for (let count = 0; count < passes; count++) {
      if (!(yield* this.run("tree_stand", options, count === 0))) return false;
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
    this.table.spare(this.ancestors);
    for (const member of this.members) this.set(member, "hands_off", spares(member));
    const asked: TreeOption[] = [...options, "stop", "counts"];
    for (let isFirst = true;; isFirst = false) {
      yield* this.run("tree_stand", asked, isFirst, spares);
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
    this.table.spare(this.ancestors);
    for (const member of this.members) if (spares(member)) this.set(member, "hands_off", true);
    const known = this.members.length;
    this.table.ask(isAnyway ? ["anyway", "force", "counts"] : ["stop", "force", "counts"]);
    const answer = withProc((proc) => this.step("tree_kill", proc));
    return this.decide(known, spares) ? TREE_ANSWERS.again : answer;
  }

  /** Whether the lists of children don't tell all. */
  #needsScan(): boolean {
    if (this.table.isUnlisted || this.hidden > 0 || this.#cgroup !== null) return true;
    const { session, group } = this.#options;
    return this.members.some((member) =>
      (session && this.has(member, "leads_session")) || (group && this.has(member, "leads_group"))
    );
  }

  /** Passes over all processes; whether somebody is new, or was gone before it could be pinned. */
  *#scan(options: readonly TreeOption[], spares?: Spares): Generator<void, boolean> {
    const { session, group } = this.#options;
    const wanted = [...options];
    if (session) wanted.push("sessions");
    if (group) wanted.push("groups");
    const before = this.members.length;
    this.table.scanFrom(0);
    yield* this.run("tree_scan", wanted, false, spares);
    const { hidden } = this;
    const { hasMissed } = this.table;
    yield* this.#scanBehind(before, wanted, spares);
    this.hidden = hidden;
    if (this.#cgroup !== null) yield* scanCgroup(this, this.#cgroup);
    return hasMissed || this.members.length > before;
  }

  /**
   * Where there are no lists of children, those who are new are followed: whoever they have forked
   * meanwhile has a greater pid.
   */
  *#scanBehind(
    known: number,
    wanted: readonly TreeOption[],
    spares?: Spares,
  ): Generator<void, void> {
    while (this.table.isUnlisted && this.members.length > known) {
      const newPids = this.members.slice(known).map(({ pid }) => pid);
      known = this.members.length;
      this.table.scanFrom(Math.min(...newPids));
      yield* this.run("tree_scan", wanted, false, spares);
    }
  }
}
