/**
 * What a shell makes of a process: its part in the job control of a terminal, the signals that it
 * ignores, and the children that it has from before.
 *
 * @module
 */
import { readText } from "./file.ts";

/** As `/proc/PID/stat` has it. */
interface Job {
  readonly isStopped: boolean;
  readonly group: number;
  readonly hasTerminal: boolean;
  /** The group that its terminal has in the foreground; -1 without a terminal. */
  readonly foreground: number;
}

/** Of the process that has this pid now; null where that can't be read. */
export function jobOf(pid: number): Job | null {
  const text = readText(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name in front may hold anything.
  const [state, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [, group, , terminal, foreground] = fields.map(Number);
  return { isStopped: state === "T", group, hasTerminal: terminal !== 0, foreground };
}

/** Whether this process ignores a signal, by its number. */
export function ignoresSignal(number: number): boolean {
  const [, ignored = "0"] = /^SigIgn:\t([0-9a-f]+)$/m.exec(readText("/proc/self/status") ?? "") ??
    [];
  return (BigInt(`0x${ignored}`) >> BigInt(number - 1) & 1n) === 1n;
}

/** Whether the first thread of a process may have children; true where that can't be read. */
export function mayHaveChildren(pid: number): boolean {
  return readText(`/proc/${pid}/task/${pid}/children`) !== "";
}
