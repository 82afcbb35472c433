/**
 * The paths of cgroups, as /proc tells them: from the root of the reader's own cgroup namespace, with a "/.." for each step that
 * leads above it (cgroup_namespaces(7)).
 *
 * @module
 */

/** Whether a cgroup is this one, or below it. Both paths are told from the same namespace; one that is not told, "", is in none. */
export function isWithin(cgroup: string, path: string): boolean {
  if (!cgroup.startsWith("/")) return false;
  const [inner, outer] = [stepsOf(cgroup), stepsOf(path)];
  // From a cgroup above the namespace's root the way to that root leads down without a name: everything that is no higher is in it.
  if (outer.names.length === 0) return inner.up <= outer.up;
  return inner.up === outer.up && outer.names.every((name, at) => inner.names[at] === name);
}

/** How far up it goes first, and then down by which names. A name may begin with two dots, and is never those alone. */
function stepsOf(path: string): { up: number; names: string[] } {
  const steps = path.split("/").filter((step) => step !== "");
  const firstName = steps.findIndex((step) => step !== "..");
  const up = firstName < 0 ? steps.length : firstName;
  return { up, names: steps.slice(up) };
}
