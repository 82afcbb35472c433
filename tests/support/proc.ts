/** An independent reading of /proc, for holding what the library tells against it. */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import type { ProcessInfo } from "../../mod.ts";

const KINDS = [
  "cgroup",
  "ipc",
  "mnt",
  "net",
  "pid",
  "pid_for_children",
  "time",
  "time_for_children",
  "user",
  "uts",
];

/** What a look gives, or undefined where the kernel refuses it. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** The pids of all processes. */
export function allPids(): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Where the v2 hierarchy of cgroups is mounted. */
export function cgroupMount(): string | undefined {
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n").map((line) => line.split(" "));
  return mounts.find(([, , kind]) => kind === "cgroup2")?.[1];
}

/** The seconds since 1970 at which the system was started. */
function bootTime(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))![1]);
}

/** What /proc says of a pid, in the form of info(); undefined where there is no such process. */
export function readProcess(pid: number): Omit<ProcessInfo, "state"> | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const status = attempt(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  if (!stat || !status) return undefined;
  const field = (name: string) => new RegExp(`^${name}:\t(.*)$`, "m").exec(status)![1];
  const [ruid, euid, suid, fsuid] = field("Uid").split("\t").map(Number);
  const [rgid, egid, sgid, fsgid] = field("Gid").split("\t").map(Number);
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  const rest = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const startTicks = Number(rest[19]);
  return defined({
    pid: Number(field("Pid")),
    tgid: Number(field("Tgid")),
    ppid: Number(field("PPid")) || undefined,
    credentials: { ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid },
    ...cgroup(pid),
    startTicks,
    startTime: new Date((bootTime() + startTicks / 100) * 1000),
    name,
    executable: attempt(() => readlinkSync(`/proc/${pid}/exe`)),
    isKernelThread: (Number(rest[6]) & 0x200000) !== 0,
    threads: Number(rest[17]) || undefined,
    namespaces: namespaces(pid),
  });
}

function cgroup(pid: number): { cgroupPath?: string; cgroupId?: string } {
  const text = attempt(() => readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  const cgroupPath = /^0::(.*)$/m.exec(text ?? "")?.[1];
  const folder = `${cgroupMount()}${cgroupPath}`;
  return { cgroupPath, cgroupId: attempt(() => String(statSync(folder, { bigint: true }).ino)) };
}

function namespaces(pid: number): ProcessInfo["namespaces"] {
  const entries = KINDS.map((kind) => {
    const target = attempt(() => readlinkSync(`/proc/${pid}/ns/${kind}`)) ?? "";
    return [kind, Number(/\[(\d+)\]/.exec(target)?.[1])];
  }).filter(([, inode]) => !Number.isNaN(inode));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
