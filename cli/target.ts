/** The processes that the arguments of a command name: by pid, or by identity. */
import { parseIdentity, Pidfd, PidfdError } from "../mod.ts";
import { UsageError } from "./command.ts";

/** One process as it was named. */
export interface Target {
  /** For showing where there is no process. */
  readonly pid: number;
  /** As it was typed, for showing the same. */
  readonly text: string;
  /** Whoever has the pid now, or the very process of the identity; ESRCH where there is none. */
  open(): Pidfd;
}

/** A target from `PID`, `PID:INODE`, or the text of an identity. */
export function parseTarget(arg: string): Target {
  if (/^[1-9]\d{0,9}$/.test(arg) && Number(arg) < 2 ** 31) {
    const pid = Number(arg);
    return { pid, text: arg, open: () => Pidfd.open(pid) };
  }
  try {
    const { pid } = parseIdentity(arg);
    return { pid, text: arg, open: () => Pidfd.reopen(arg) ?? gone(pid) };
  } catch {
    throw new UsageError(`this is neither a pid nor an identity: ${JSON.stringify(arg)}`);
  }
}

function gone(pid: number): never {
  throw new PidfdError({ errno: -3, syscall: "pidfd_open", pid });
}
