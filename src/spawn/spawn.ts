/**
 * Starts a process.
 *
 * @module
 */
import { errnoName } from "../kernel/errors.ts";
import { type Child, childOf } from "./child.ts";
import { reasonFor, SpawnFailedError, stepName } from "./failed.ts";
import {
  checkArguments,
  type Checked,
  checkFilled,
  checkSpawnOptions,
  type SpawnOptions,
} from "./options.ts";
import { checkPermission } from "./permission.ts";
import { makeRequest, ourEnd, type Request } from "./request.ts";
import { start } from "./spawner.ts";
import { OURS } from "./stdio.ts";

/**
 * Starts a process, which has a handle from its birth on. The call returns when the process runs
 * its program, or throws what kept it from that.
 *
 * It does not copy this program's memory, however large that is (clone(2) with CLONE_VM and
 * CLONE_VFORK). The child has exactly the file descriptors that the options name, no blocked
 * signals, and no signal handlers; ignored signals stay ignored, but for SIGPIPE and SIGXFSZ, which
 * runtimes ignore for themselves. It survives the end of a Worker that has started it. Needs Linux
 * 5.4.
 *
 * Deno needs `--allow-ffi` and `--allow-run` (for this command); Node with `--permission` needs
 * `--allow-addons` and `--allow-child-process`.
 *
 * @param command A program's name, which is looked for in the PATH that the process gets, or a
 * path. It is never given to a shell.
 * @param args Its arguments, without the name of the program.
 * @throws {TypeError} If an argument or an option is of a wrong type, or a text has a zero in it.
 * @throws {RangeError} If a number is outside its range.
 * @throws The reason of `options.signal`, if it is aborted already.
 * @throws {PidfdOpenFailedError} `ENOSYS` with the reason if the library can't be loaded.
 * @throws {SpawnFailedError} With the failed step in `syscall`. `ENOENT`, `EACCES`, `ENOEXEC`,
 * `E2BIG`, `ETXTBSY`, `ENOTDIR`, `ELOOP` or `ENAMETOOLONG` of "execve"; `ENOENT`, `ENOTDIR` or
 * `EACCES` of "chdir"; `EMFILE`, `ENFILE` or `EBADF` of the descriptors; `EAGAIN` or `ENOMEM` of
 * "clone"; `EPERM` of "prlimit", "setgroups", "setresgid" or "setresuid"; `ENOENT`, `EBADF`,
 * `EACCES` or `EBUSY` of "cgroup"; `EACCES` of "spawn" if the runtime does not permit it. For a
 * guard, or another user, `EACCES` of "memfd_create", where no memory file may be executed; for a
 * guard `ENOENT` or `EREMOTE` of "openat", without the /proc of its pid namespace, and `ESRCH` of
 * "execveat" if somebody has killed it; for a pid namespace `EPERM` or `ENOSPC` of "clone", and
 * `EPERM`, `EACCES` or `EINVAL` of "mount" or "uid_map".
 *
 * @example Run a program, and have its output
 * ```ts
 * import { spawn } from "@x/pidfd";
 *
 * const { status, stdout } = await spawn("echo", ["hello"], { stdout: "pipe" }).output();
 * console.log(status.code, new TextDecoder().decode(stdout)); // 0 hello
 * ```
 *
 * @example Write to it, read its answer, and end it
 * ```ts
 * import { spawn } from "@x/pidfd";
 *
 * const child = spawn("cat", [], { stdin: "pipe", stdout: "pipe", lifetime: "parent" });
 * child.stdin!.write("hello");
 * for await (const bytes of child.stdout!) {
 *   console.log(String(bytes)); // hello
 *   break;
 * }
 * const { forced } = await child.terminate();
 * console.log(forced); // false
 * ```
 */
export function spawn(
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Child {
  checkFilled("command", command);
  const texts = checkArguments(args);
  const checked = checkSpawnOptions(options);
  checked.signal?.throwIfAborted();
  checkPermission(command, checked);
  const request = makeRequest(command, texts, checked);
  const pid = start(request);
  if (pid < 0) throw failed(pid, request, command, checked);
  const pidfd = request.number("pidfd");
  const guard = checked.lifetime === "contained"
    ? {
      pidfd: request.number("guard"),
      channel: request.number("channel"),
      isNamespace: checked.containment === "pidns",
    }
    : null;
  return childOf({ pid, pidfd, guard, ends: endsOf(request, checked), checked });
}

/** Our ends of what was made for the child. */
function endsOf(request: Request, { fds }: Checked): Map<number, number> {
  const ends = new Map<number, number>();
  fds.forEach(({ kind, target }, index) => {
    const fd = kind === OURS ? -1 : ourEnd(request, index);
    if (fd >= 0) ends.set(target, fd);
  });
  return ends;
}

/** Why a process could not be started. */
export function failed(errno: number, request: Request, command: string, checked: Checked): Error {
  const step = stepName(request.number("step"));
  const { cgroup } = checked;
  const paths: Partial<Record<string, string>> = {
    execve: command,
    chdir: checked.cwd,
    openat: request.number("failed_fd") < 0 ? "/proc" : "/dev/null",
    cgroup: typeof cgroup === "string" ? cgroup : undefined,
  };
  const reason = reasonFor(step, errnoName(errno) ?? "");
  return new SpawnFailedError({ errno, syscall: step, reason, path: paths[step] });
}
