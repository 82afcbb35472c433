/** Cgroups that the helper makes for the tests. */
import { existsSync, readFileSync } from "node:fs";
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
