/** Cgroups that the helper makes for the tests, and those that they make themselves. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { cgroupMount } from "./proc.ts";
import { HELPER, run } from "./processes.ts";

/** Why there can be no cgroup for a test, or false. */
export async function lacksCgroups(): Promise<string | false> {
  const { code, stderr } = await run(HELPER, [
    "in-cgroup",
    `pidfd-probe-${process.pid}`,
    HELPER,
    "exit",
    "0",
  ]);
  if (code === 77) return "no cgroup can be made";
  if (code !== 0) throw new Error(`the helper made no cgroup: ${code} ${stderr}`);
  return false;
}

/** The folder of a process's cgroup, where this process sees it; "" where it does not. */
export function cgroupFolder(pid: number): string {
  const path = readFileSync(`/proc/${pid}/cgroup`, "utf8").match(/^0::(.*)$/m)?.[1] ?? "";
  const folders = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map((mount) => `${mount}${path}`);
  return folders.find((folder) => existsSync(`${folder}/cgroup.procs`)) ?? "";
}

let made = 0;

/** A new cgroup's folder, at the top of the hierarchy. */
export function makeCgroup(): string {
  const folder = `${cgroupMount()}/pidfd-test-${process.pid}-${made++}`;
  mkdirSync(folder);
  return folder;
}

/** The same with a limit of processes, in either version; null where there can be none. */
export function makeLimitedCgroup(): string | null {
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n").map((line) => line.split(" "));
  const mount =
    mounts.find(([, , kind, options]) => kind === "cgroup" && options.split(",").includes("pids"))
      ?.[1] ?? cgroupMount();
  const folder = `${mount}/pidfd-test-${process.pid}-${made++}`;
  try {
    mkdirSync(folder);
  } catch {
    return null;
  }
  if (existsSync(`${folder}/pids.max`)) return folder;
  rmdirSync(folder);
  return null;
}

/** Moves a process, which must be the caller's own and not reaped, to the cgroup of a folder. */
export function moveTo(folder: string, pid: number): void {
  writeFileSync(`${folder}/cgroup.procs`, String(pid));
}

/**
 * Removes an empty cgroup. The kernel may count one that has ended for a moment longer, of which it
 * tells nobody.
 */
export async function removeCgroup(folder: string): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return rmdirSync(folder);
    } catch (error) {
      if ((error as { code: string }).code !== "EBUSY" || tries === 1000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Why a test can make no cgroup by itself, or false. */
export async function lacksFolders(): Promise<string | false> {
  try {
    await removeCgroup(makeCgroup());
    return false;
  } catch (error) {
    return `no folder of a cgroup can be made: ${(error as { code: string }).code}`;
  }
}

/** Why a cgroup can't be ended at once here, or false. */
export async function lacksKill(): Promise<string | false> {
  const reason = await lacksFolders();
  if (reason) return reason;
  const folder = makeCgroup();
  const isThere = existsSync(`${folder}/cgroup.kill`);
  await removeCgroup(folder);
  return isThere ? false : "there is no cgroup.kill before Linux 5.14";
}
