/** The exit codes, and the error that stands for one of them. */

/** Everything was as asked. */
export const EXIT_OK = 0;
/** The answer is no: a process has exited. */
export const EXIT_NO = 1;
/** The arguments make no sense. */
export const EXIT_USAGE = 2;
/** A system call failed. */
export const EXIT_ERROR = 3;
/** The time was up, as timeout(1) has it. */
export const EXIT_TIMEOUT = 124;

/** The user asked for something that makes no sense. */
export class UsageError extends Error {}
