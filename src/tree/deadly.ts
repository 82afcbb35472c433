/**
 * Whether a signal ends a process without another step of it.
 *
 * @module
 */
import { signalNumber } from "../kernel/signals.ts";

/** What these do unless they are handled is not to end a process. */
const HARMLESS = [
  "SIGCHLD",
  "SIGCONT",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGWINCH",
];

let harmless: Set<number> | undefined;

/** Whether a signal does not end a process by default (signal(7)). */
export function isHarmless(signal: number): boolean {
  harmless ??= new Set([0, ...HARMLESS.map(signalNumber)]);
  return harmless.has(signal);
}

/**
 * Whether a signal that is pending when a process is resumed ends it: `handled` has a bit for each of 1 to 31 that the process handles,
 * ignores or blocks.
 */
export function isDeadly(signal: number, handled: number): boolean {
  return signal < 32 && !isHarmless(signal) && (handled >>> (signal - 1) & 1) === 0;
}
