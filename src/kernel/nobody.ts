import { PidfdError } from "./errors.ts";

/**
 * Whether an error says that a number is no process's. The kernel calls it ESRCH where nobody has it, and ENOENT where it
 * is a thread's. Any other call's ENOENT is another thing: /proc is not mounted, or a file is missing.
 */
export function isNobodys(error: unknown): boolean {
  if (!(error instanceof PidfdError)) return false;
  return error.code === "ESRCH" || (error.code === "ENOENT" && error.syscall === "pidfd_open");
}
