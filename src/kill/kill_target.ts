/**
 * One process that is ended with its tree, and what has become of it.
 *
 * @module
 */
import { SIGKILL } from "../kernel/constants.ts";
import { PidfdError } from "../kernel/errors.ts";
import { type ExitStatus, UNKNOWN } from "../kernel/exit.ts";
import { sendKill, sendSignal } from "../process/signal.ts";
import type { Member } from "../tree/member.ts";
import { reapAdopted } from "../tree/subreaper.ts";
import type { TreeEnd, TreeEscape } from "./report.ts";

/** A member that ran when it was first looked at. */
export class KillTarget {
  readonly member: Member;
  asked = false;
  forced = false;
  /** How long after the call it ended; null while it runs. */
  afterMs: number | null = null;
  status: ExitStatus = UNKNOWN;
  /** Whether nobody will report more of how it ended. */
  isStatusFinal = false;
  /** Why it could not be signalled. */
  refusal: PidfdError | undefined;
  /** Takes back the waits for it. */
  readonly forget: (() => void)[] = [];

  constructor(member: Member) {
    this.member = member;
  }

  /** Sends it a signal; false if it has ended, or if it refuses, which is kept. */
  send(number: number): boolean {
    const { core } = this.member;
    try {
      return number === SIGKILL ? sendKill(core) : sendSignal(core, number);
    } catch (error) {
      if (!(error instanceof PidfdError)) throw error;
      this.refusal = error;
      return false;
    }
  }

  /** Reaps it where it was given to this process. */
  reap(): void {
    this.status = reapAdopted(this.member) ?? this.status;
  }

  /** How it ended, once it has. */
  end(): TreeEnd {
    const { member: { pid, name, depth }, status, forced, afterMs } = this;
    return { pid, name, depth, status, forced, afterMs: afterMs! };
  }

  /** Why it has not ended. */
  escape(isSpared: boolean): TreeEscape {
    const { member: { pid, name, depth }, refusal } = this;
    if (refusal) return { pid, name, depth, reason: "refused", error: refusal };
    return { pid, name, depth, reason: isSpared ? "spared" : "running" };
  }
}
