/**
 * In which order the members of a stopped tree may be ended.
 *
 * When a process ends, its process group may lose its last tie to the rest of the session. If a member of that group is
 * stopped at that moment, the kernel sends SIGHUP and SIGCONT to the whole group, members outside of the tree included
 * (setpgid(2), "orphaned process group"). A tie is a member whose parent is in another group of the same session; so the
 * others of its group have to go on before that member, or its parent, may end. Since groups are made by descendants, the
 * deepest first is such an order; except where a process went back into a group that began nearer to the root.
 *
 * @module
 */
import type { Member } from "../tree/member.ts";

/** A member with its group and session as they were read while it was stopped. */
export interface Grouped {
  member: Member;
  group: number;
  session: number;
}

/** The members of groups for which no order is safe: they have to go on before anything is ended. */
export function unsafeToOrder(members: Grouped[]): Set<Member> {
  const byMember = new Map(members.map((grouped) => [grouped.member, grouped]));
  const least = new Map<number, number>();
  for (const { member: { depth }, group } of members) {
    least.set(group, Math.min(depth, least.get(group) ?? depth));
  }
  const groups = new Set<number>();
  for (const { member, group, session } of members) {
    const parent = member.parent && byMember.get(member.parent);
    const isTie = parent && parent.group !== group && parent.session === session;
    if (isTie && least.get(group)! < member.depth) groups.add(group);
  }
  return new Set(members.filter(({ group }) => groups.has(group)).map(({ member }) => member));
}
