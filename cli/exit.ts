/** The exit codes, and the error that stands for one of them. */

/** Everything was as asked. */
export const EXIT_OK = 0;
/** The answer is no: a process has exited, or there is no such process. */
export const EXIT_NO = 1;
/** The arguments make no sense. */
export const EXIT_USAGE = 2;
/** A system call failed. */
export const EXIT_ERROR = 3;
/** A process was killed, because it ignored the polite signal. */
export const EXIT_FORCED = 4;
/** Processes of a tree may be left. */
export const EXIT_LEFT = 5;
/** The time was up, as timeout(1) has it. */
export const EXIT_TIMEOUT = 124;
/** `run` itself failed, as timeout(1) has it. */
export const EXIT_NOT_RUN = 125;
/** The command was found, and can't be executed. */
export const EXIT_NOT_EXECUTABLE = 126;
/** The command was not found. */
export const EXIT_NOT_FOUND = 127;
/** A signal interrupted the command: this and the signal's number, as a shell has it. */
export const EXIT_SIGNAL = 128;

/** From the one that says the most about several processes to the one that says the least. */
const BY_GRAVITY = [EXIT_ERROR, EXIT_TIMEOUT, EXIT_LEFT, EXIT_FORCED, EXIT_NO];

/** The exit code that says the most about all of them. */
export function gravest(codes: readonly number[]): number {
  const isInterrupted = (code: number) => code > EXIT_SIGNAL;
  return codes.find(isInterrupted) ?? BY_GRAVITY.find((code) => codes.includes(code)) ?? EXIT_OK;
}

/** The user asked for something that makes no sense. */
export class UsageError extends Error {}
