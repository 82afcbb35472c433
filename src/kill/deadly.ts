/**
 * Whether a signal ends a process without another step of it.
 *
 * @module
 */
import { signalNumber } from "../kernel/signals.ts";
import type { MemberDetails } from "../tree/member.ts";

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
 * Whether a signal that is pending when a process is resumed ends it before it takes another step.
 * Where it has a handler for any other signal, that may be pending too and come first, and do
 * anything.
 */
export function isDeadly(
  signal: number,
  { handled, caught }: Pick<MemberDetails, "handled" | "caught">,
): boolean {
  if (signal > 31 || isHarmless(signal) || caught !== 0) return false;
  return (handled >>> (signal - 1) & 1) === 0;
}
