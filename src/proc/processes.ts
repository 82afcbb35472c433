/**
 * The list of all processes.
 *
 * @module
 */
import { checkBoolean, readOptions } from "../kernel/arguments.ts";
import { readPageSize } from "../kernel/boot.ts";
import { PF_KTHREAD } from "../kernel/constants.ts";
import { type ProcessUsage, usageUntilNow } from "../kernel/usage.ts";
import { passWithCommandLines } from "./command_line.ts";
import { nameOf, type ProcessRecord, startTicksOf, stateLetterOf, withProc } from "./scan.ts";

/** What is told of a process only where it is asked for. */
export interface DetailOptions {
  /**
   * Its command line: one more file to read for each process. Reading it waits while the process
   * changes its own memory map, so a process that hangs doing so makes this call hang. False if
   * left out.
   */
  readonly commandLine?: boolean | undefined;
  /** The CPU time and the memory that it has used until now. False if left out. */
  readonly usage?: boolean | undefined;
}

/**
 * A process as /proc showed it at one moment. By the time you read this its pid may name another
 * one.
 */
export interface ProcessEntry {
  /** The number that it had. */
  readonly pid: number;
  /** Its parent's; 0 where that can't be seen from this pid namespace, or where there is none. */
  readonly ppid: number;
  /** Its process group; -1 while it is being reaped. */
  readonly processGroup: number;
  /** Its session; -1 while it is being reaped. */
  readonly session: number;
  /** When it was started, in hundredths of a second since boot (the clock CLOCK_BOOTTIME). */
  readonly startTicks: number;
  /**
   * Its first thread's: R runs, S sleeps, D sleeps deeply, T is stopped, t is traced, Z has ended,
   * I is an idle kernel thread. With Z the process has ended only where `threads` is 1 at most:
   * others may run on, and it with them.
   */
  readonly state: string;
  /** How many threads it has. */
  readonly threads: number;
  /** Its effective user. */
  readonly uid: number;
  /**
   * The name of its program, at most 15 bytes, a kernel worker's at most 63; bytes that are no
   * UTF-8 become U+FFFD.
   */
  readonly name: string;
  /** Whether it is a thread of the kernel. */
  readonly isKernelThread: boolean;
  /**
   * The program and its arguments (argv), with `commandLine`. A program can overwrite them. Absent
   * where it has none: a thread of the kernel, a zombie. Bytes that are no UTF-8 become U+FFFD.
   */
  readonly commandLine?: readonly string[];
  /** What it has used until now, with `usage`. */
  readonly usage?: ProcessUsage;
}

/**
 * Lists every process once, by ascending pid, in one native pass over /proc: no `ps`, no
 * subprocess, and in Deno no permission beyond `--allow-ffi`. Each entry was read at one moment;
 * one that begins or ends during the pass is listed or not. There is no start time as a date,
 * because the clock of the day may have been set since.
 *
 * The name of a Node program is that of its first thread, "MainThread" or "node": `commandLine`
 * tells them apart.
 *
 * What /proc hides (its mount options `hidepid` and `subset`) is not listed. See
 * {@link https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html proc_pid_stat(5)}.
 *
 * @throws {TypeError} If an option is unknown, or no boolean.
 * @throws {PidfdError} `EREMOTE` if /proc belongs to another pid namespace, so that its pids would
 * mislead; `ENOENT` if it is not mounted; `EMFILE`, `ENFILE` or `ENOMEM` if no descriptor is free;
 * `ENOSYS` on other systems.
 *
 * @example Who are my children?
 * ```ts
 * import { spawn } from "node:child_process";
 * import { Pidfd, processes } from "@x/pidfd";
 *
 * const handle = Pidfd.of(spawn("sleep", ["1000"]));
 * const children = processes().filter(({ ppid }) => ppid === Pidfd.self().pid);
 * console.log(children.some(({ pid }) => pid === handle.pid)); // true
 * handle.signal("SIGKILL");
 * handle.close();
 * ```
 */
export function processes(options: DetailOptions = {}): ProcessEntry[] {
  const { commandLine, usage } = checkDetails("list processes", options);
  const pageSize = usage ? readPageSize() : 0;
  const entries: ProcessEntry[] = [];
  const add = (process: ProcessRecord, words?: readonly string[]) => {
    entries.push({
      ...entryOf(process),
      ...(words ? { commandLine: words } : {}),
      ...(usage ? { usage: usageUntilNow(process, pageSize) } : {}),
    });
  };
  withProc((proc) => {
    if (commandLine) passWithCommandLines(proc, add);
    else proc.pass(true, (process) => add(process));
  });
  return entries;
}

/** The options, each true or false. */
export function checkDetails(action: string, options: DetailOptions): Required<DetailOptions> {
  const { commandLine, usage } = readOptions(action, options, { commandLine: false, usage: false });
  checkBoolean(action, "commandLine", commandLine);
  checkBoolean(action, "usage", usage);
  return { commandLine, usage };
}

/** Takes what was read out of the record, which the next read fills anew. */
export function entryOf(process: ProcessRecord): ProcessEntry {
  return {
    pid: process.number("pid"),
    ppid: process.number("ppid"),
    processGroup: process.number("group"),
    session: process.number("session"),
    startTicks: startTicksOf(process),
    state: stateLetterOf(process),
    threads: process.number("threads"),
    uid: process.number("uid"),
    name: nameOf(process),
    isKernelThread: (process.number("flags") & PF_KTHREAD) !== 0,
  };
}
