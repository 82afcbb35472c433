/**
 * What is inside a `Pidfd`: the descriptor that it owns, and what it was told about its process.
 *
 * @module
 */
import { EBADF, F_DUPFD_CLOEXEC, POLLIN, POLLNVAL } from "../kernel/constants.ts";
import { check, failure } from "../kernel/errors.ts";
import type { ExitStatus } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";
import type { ChildLike } from "../../ffi/child.ts";
import { closeOwned, OwnedFd } from "./descriptor.ts";

/** What a handle asks of the waits on it, which src/process/waits.ts makes. */
export interface PendingWaits {
  /** Rejects all of them. */
  fail(makeReason: () => unknown): void;
  /** Resolves all of them: the handle has reaped its process. */
  settle(status: ExitStatus): void;
  /** `isRef` of the handle has changed. */
  onRefChange(): void;
}

/**
 * One process's descriptor with its memory. It is closed when it is forgotten, which can't happen
 * under a pending wait, because the wait holds it.
 */
export class Handle {
  readonly #owned: OwnedFd;
  readonly #pid: number;
  /** What was told once stays told, also where the kernel keeps no exit records. */
  status: ExitStatus | null = null;
  /** What a look saw that may be wrong, on old kernels: the runtime knows better. */
  provisionalStatus: ExitStatus | null = null;
  /** Whether this handle has reaped its process: before Linux 6.9 the kernel does not say so. */
  isReapedByUs = false;
  /** The runtime's own object, where the handle was made from one. */
  child: ChildLike | undefined;
  /** Made at the first wait: most handles are never waited for. */
  waits: PendingWaits | undefined;
  /** Takes back the listening to the runtime's own object. */
  stopHearing: (() => void) | undefined;
  /** The promise that all who ask for the end share. */
  exited: Promise<void> | undefined;
  /** Whether pending waits keep the program alive. */
  isRef = true;
  /** Whether it was opened for a thread, so that its signals are for that one alone. */
  isThread = false;
  /** Whether its `Pidfd` is somebody's who may not close it. */
  isBorrowed = false;
  /** What whoever uses it is told once it is closed. */
  closedReason = "the handle is closed";

  /**
   * Takes the ownership of `fd`. The pid is a negated errno where the process has no number here.
   */
  constructor(fd: number, pid: number) {
    this.#owned = new OwnedFd(fd, this);
    this.#pid = pid;
  }

  /** The descriptor; throws EBADF once it is closed. */
  get fd(): number {
    const { fd } = this.#owned;
    if (fd >= 0) return fd;
    throw this.#failure(this.closedReason);
  }

  /** Whether the descriptor was closed or given up. */
  get closed(): boolean {
    return this.#owned.fd < 0;
  }

  /** The number that the process had; throws ESRCH or EREMOTE where it had none. */
  get pid(): number {
    return check(this.#pid, "pidfd_getpid");
  }

  /** The number that the process had, for messages; undefined where it had none. */
  get knownPid(): number | undefined {
    return this.#pid > 0 ? this.#pid : undefined;
  }

  /** The events of poll(2) that came within the time; -1 is no limit. */
  poll(events: number, timeoutMs: number): number {
    const seen = check(native().poll(this.fd, events, timeoutMs), "poll", this.knownPid);
    if (seen & POLLNVAL) throw failure({ errno: EBADF, syscall: "poll", pid: this.knownPid });
    return seen;
  }

  /** Whether the process runs. */
  isAlive(): boolean {
    return this.poll(POLLIN, 0) === 0;
  }

  /** Closes the descriptor, and fails the pending waits; a second call does nothing. */
  close(): void {
    const fd = this.#owned.retire();
    try {
      this.#failWaits();
    } finally {
      closeOwned(fd);
    }
  }

  /** Gives the descriptor up, and fails the pending waits. */
  detach(): number {
    const { fd } = this;
    this.#owned.detach();
    this.#failWaits();
    return fd;
  }

  /** A second descriptor of the same process, which nobody here owns. */
  duplicate(): number {
    return check(native().fcntl(this.fd, F_DUPFD_CLOEXEC, 0), "fcntl", this.knownPid);
  }

  #failWaits(): void {
    this.stopHearing?.();
    this.stopHearing = undefined;
    this.waits?.fail(() => this.#failure("the handle was closed during the wait"));
  }

  #failure(reason: string): Error {
    return failure({ errno: EBADF, syscall: "pidfd", pid: this.knownPid, reason });
  }
}
