/**
 * The cgroup that a tree owns, and who is in it. A path alone does not name it: a cgroup can be
 * removed once all in it have ended, and made anew by the same path for somebody else, as a service
 * manager does at a restart.
 *
 * /proc reports paths from the root of the reader's own cgroup namespace, with a "/.." for each
 * step that leads above it (cgroup_namespaces(7)).
 *
 * @module
 */
import type { Handle } from "../handle/handle.ts";
import { askKernel } from "../kernel/pidfd_info.ts";
import { cgroupOf } from "../proc/description.ts";
import { openSelf } from "../process/open.ts";
import type { Member } from "./member.ts";

/** What a process is asked by. */
type Asked = Pick<Handle, "fd" | "knownPid">;

/**
 * The root's cgroup. Null where it was removed, or the root was reaped; throws where it is not the
 * tree's own.
 */
export function claimCgroup(action: string, root: Member): OwnCgroup | null {
  const path = cgroupOf(root.core);
  if (path === "" && !root.holdsPid()) return null;
  // Whoever runs is in no cgroup that was removed, but for the first thread of one that has others.
  if (isOfRemoved(path) && !root.runs()) return null;
  const isTold = path.startsWith("/") && !isOfRemoved(path);
  const ours = ownCgroupPath();
  if (isTold && ours.startsWith("/") && !isWithin(ours, path)) {
    return new OwnCgroup(path, askKernel(root.core.fd).cgroupId);
  }
  const reason = isTold && ours !== "" ? "it holds this process too" : "none is told";
  throw new Error(`Cannot ${action}: the root has no cgroup of its own, ${reason}: "${path}"`);
}

/**
 * A cgroup, by its path and, from Linux 6.13, by its id, which no other one has until the next
 * boot.
 */
export class OwnCgroup {
  readonly path: string;
  readonly #id: bigint | undefined;

  constructor(path: string, id: bigint | undefined) {
    this.path = path;
    this.#id = id;
  }

  /** Whether a process is in it, or below it. */
  holds(process: Asked, members: readonly Member[]): boolean {
    const path = toldPath(process);
    if (!isWithin(path, this.path)) return false;
    if (path === this.path && this.#id !== undefined) return this.#isIn(process);
    return members.some(({ core }) => !core.closed && this.#isProvedBy(core));
  }

  /**
   * Whether the path is still this cgroup's, as a member of the tree tells: one that was removed
   * does not come back, so it was the path of nothing else before. Without ids that a member is
   * there must do: where somebody else has moved it into another cgroup of that path, it tells
   * wrong.
   */
  #isProvedBy(member: Asked): boolean {
    const path = toldPath(member);
    if (this.#id === undefined) return isWithin(path, this.path);
    return path === this.path && this.#isIn(member);
  }

  #isIn({ fd }: Asked): boolean {
    return askKernel(fd).cgroupId === this.#id;
  }
}

/**
 * The path of the cgroup that a process is in; "" where none is told, or it was removed under one
 * that has ended.
 */
function toldPath(process: Asked): string {
  const path = cgroupOf(process);
  return isOfRemoved(path) ? "" : path;
}

/**
 * So the kernel marks a cgroup that was removed. Others may have such a name too, and are not told
 * from these.
 */
function isOfRemoved(path: string): boolean {
  return path.endsWith(" (deleted)");
}

/** The path of the cgroup that this process is in; "" where none is told. */
export function ownCgroupPath(): string {
  const self = openSelf();
  try {
    return cgroupOf(self);
  } finally {
    self.close();
  }
}

/**
 * Whether a cgroup is this one, or below it. Both paths are from the same namespace; one that is
 * not known, "", is in none.
 */
function isWithin(cgroup: string, path: string): boolean {
  if (!cgroup.startsWith("/")) return false;
  const [inner, outer] = [stepsOf(cgroup), stepsOf(path)];
  // From a cgroup above the namespace's root the way to that root leads down without a name:
  // everything that is no higher is in it.
  if (outer.names.length === 0) return inner.up <= outer.up;
  return inner.up === outer.up && outer.names.every((name, at) => inner.names[at] === name);
}

/**
 * How far up it goes first, and then down by which names. A name may begin with two dots, and is
 * never those alone.
 */
function stepsOf(path: string): { up: number; names: string[] } {
  const steps = path.split("/").filter((step) => step !== "");
  const firstName = steps.findIndex((step) => step !== "..");
  const up = firstName < 0 ? steps.length : firstName;
  return { up, names: steps.slice(up) };
}
