/**
 * Begins a tree: its root, pinned by a handle of its own, and the ways by which more of it is
 * found.
 *
 * @module
 */
import type { ChildLike } from "../../ffi/child.ts";
import { Handle } from "../handle/handle.ts";
import { checkBoolean, checkPid, type Read, show } from "../kernel/arguments.ts";
import { handleOf } from "../pidfd.ts";
import { isThread } from "../proc/description.ts";
import { openChild, openPid } from "../process/open.ts";
import { Walk } from "./walk.ts";

/** How members are found besides as children of members. */
export interface TreeOptions {
  /**
   * Also in the sessions that were begun by a member: whoever is in one descends from the process
   * that began it, even where its parent has ended since. True if left out.
   */
  readonly session?: boolean | undefined;
  /**
   * Also in the process groups that were begun by a member. A group is a shell's job: it may hold
   * processes that others of the same session put there. False if left out.
   */
  readonly group?: boolean | undefined;
  /**
   * Also in the root's cgroup and those below it (cgroups(7), version 2), which no descendant
   * leaves by forking: so daemons are found too. Only where that cgroup is the tree's own, and does
   * not hold this process as well. What is to be forced is then ended by one write to its
   * cgroup.kill (Linux 5.14), where that may be written and it holds nobody else. One that was
   * removed, and made anew by its path, is not the tree's: its id tells (Linux 6.13), and before
   * that whether a member is in it. Whoever is moved in between that look and the write is ended
   * too, and who is born then is ended without being told of. Of a process whose first thread has
   * ended, /proc tells for good in which cgroup that was, also once the others were moved
   * elsewhere. False if left out.
   */
  readonly cgroup?: boolean | undefined;
}

/** What is left out. */
export const TREE_DEFAULTS = { session: true, group: false, cgroup: false };

/** A walk that has begun: it knows its root. The options were read. */
export function walkFrom(
  action: string,
  root: unknown,
  { session, group, cgroup }: Read<TreeOptions, typeof TREE_DEFAULTS>,
): Walk {
  checkBoolean(action, "session", session);
  checkBoolean(action, "group", group);
  checkBoolean(action, "cgroup", cgroup);
  const handle = rootHandle(action, root);
  try {
    const walk = new Walk(handle, { session, group });
    if (cgroup) walk.claimCgroup(action);
    return walk;
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** A handle that another copy of this module has made has a pid too, and is no child. */
function isChildLike(value: unknown): value is ChildLike {
  return typeof value === "object" && value !== null && "pid" in value && !("fd" in value);
}

function rootHandle(action: string, root: unknown): Handle {
  if (typeof root === "number") return openPid(checkPid(action, root));
  // The caller's handle stays the caller's, who may close it at any time.
  const given = handleOf(root);
  if (!given) {
    if (isChildLike(root)) return openChild(root);
    const wanted = "a pid, a Pidfd or a child process";
    throw new TypeError(`Cannot ${action}: "root" must be ${wanted}: ${show(root)}`);
  }
  const { pid, child } = given;
  // Children are of the whole process, so a thread has no tree.
  if (isThread(given)) {
    throw new TypeError(
      `Cannot ${action}: "root" must be a process, this is a thread of one: ${pid}`,
    );
  }
  const handle = new Handle(given.duplicate(), pid);
  handle.child = child;
  return handle;
}
