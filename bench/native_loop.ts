/** The limit: the same system calls in a loop of the helper program, without any JavaScript. */
import { HELPER, run } from "../tests/support/processes.ts";

/** Nanoseconds a round. */
export interface NativeTimes {
  /** poll(2) of a pidfd. */
  poll: number;
  /** poll(2) and pidfd_send_signal(2) with signal 0. */
  signal: number;
  /** pidfd_open(2) and close(2). */
  open_close: number;
}

/** Runs the loops. */
export async function nativeLoop(): Promise<NativeTimes> {
  const { stdout, stderr } = await run(HELPER, ["time"]);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}
