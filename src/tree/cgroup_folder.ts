/**
 * The folders by which cgroups of version 2 are read and written.
 *
 * @module
 */
import { readText } from "../proc/file.ts";
import { ownCgroupPath } from "./cgroups.ts";

/** Where version 2 is mounted: alone, or beside version 1. */
export const MOUNTS = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/** The folder of our own cgroup; null where it can't be seen from here. */
export function ownCgroupFolder(): string | null {
  const path = ownCgroupPath();
  // Above the namespace's root is nothing that a mount of it shows.
  if (!path.startsWith("/") || `${path}/`.startsWith("/../")) return null;
  const folders = MOUNTS.map((mount) => `${mount}${path}`);
  const folder = folders.find((folder) => readText(`${folder}/cgroup.controllers`) !== null);
  if (folder === undefined) return null;
  return new TextDecoder().decode(Uint8Array.from(folder, (byte) => byte.charCodeAt(0)));
}
