/**
 * How one started process ended: it is reaped as soon as it has.
 *
 * @module
 */
import type { ChildLike } from "../../ffi/child.ts";
import type { Handle } from "../handle/handle.ts";
import { ECHILD } from "../kernel/constants.ts";
import { PidfdError } from "../kernel/errors.ts";
import type { ExitStatus } from "../kernel/exit.ts";
import { reap } from "../process/state.ts";
import { waitFor } from "../process/wait.ts";
import { waitsOf } from "../process/waits.ts";

/** One process's. */
export class ChildEnd {
  readonly #handle: Handle;
  readonly #onEnd: () => void;
  #end = newPromise();
  /** What is done again after a wait that failed, for want of memory for example. */
  #retry: (() => void) | undefined;
  #status: ExitStatus | null = null;

  constructor(handle: Handle, onEnd: () => void) {
    this.#handle = handle;
    this.#onEnd = onEnd;
  }

  /** Null while it runs, and while it is not known that it has ended. */
  get status(): ExitStatus | null {
    return this.#status;
  }

  /** Settles once it has ended. */
  get promise(): Promise<ExitStatus> {
    const retry = this.#retry;
    if (retry) {
      this.#retry = undefined;
      this.#end = newPromise();
      retry();
    }
    return this.#end.promise;
  }

  /** Reaps it once it has ended. */
  reap(): void {
    const onFailure = (error: unknown) => this.#fail(error, () => this.reap());
    try {
      waitsOf(this.#handle).listen("exited", () => this.#reap(), onFailure);
    } catch (error) {
      // The process runs already: whoever gets no Child could not end it.
      onFailure(error);
    }
  }

  /** Asks the kernel: somebody else has reaped it, or will. */
  learn(): void {
    const statusMs = 10;
    waitFor(this.#handle, { statusMs }).then(
      (status) => this.settle(status),
      (error) => this.#fail(error, () => this.learn()),
    );
  }

  /** It has ended. */
  settle(status: ExitStatus): void {
    this.#status = status;
    this.#end.resolve(status);
    this.#onEnd();
  }

  #reap(): void {
    try {
      const status = reap(this.#handle);
      if (status) this.settle(status);
      else this.reap();
    } catch (error) {
      // Where SIGCHLD is ignored, the kernel reaps children itself.
      const isReaped = error instanceof PidfdError && error.errno === ECHILD;
      if (isReaped) this.learn();
      else this.#fail(error, () => this.reap());
    }
  }

  #fail(error: unknown, retry: () => void): void {
    this.#retry = retry;
    this.#end.reject(error);
  }
}

/**
 * The same in the form of a runtime's object, for waits on the handle of a process that its guard
 * reaps: before Linux 6.15 the kernel reports nothing of it here.
 */
export function asChild(pid: number, end: ChildEnd): ChildLike {
  const child = {
    pid,
    exited: end.promise,
    get exitCode() {
      return end.status?.code ?? null;
    },
    get signalCode() {
      return end.status?.signal ?? null;
    },
  };
  return child;
}

function newPromise(): PromiseWithResolvers<ExitStatus> {
  const end = Promise.withResolvers<ExitStatus>();
  // A failure reaches whoever asks for the status; that nobody does must not end the program.
  end.promise.catch(() => {});
  return end;
}
