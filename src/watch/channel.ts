/**
 * One native watcher, and the socket by which it tells: started, read, and stopped.
 *
 * @module
 */
import { listen } from "../../ffi/load.ts";
import type { Listening } from "../../ffi/native.ts";
import { WATCHER_STEPS } from "../../ffi/symbols.ts";
import { EIO } from "../kernel/constants.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";

/** Why something could not be watched: what an error is made from, by whoever gets it. */
export interface Failed {
  readonly errno: number;
  readonly syscall: string;
  readonly reason?: string;
  readonly cause?: unknown;
}

/** What the watcher writes of a process. */
export type Told = NativeRecord<"WatchRecord">;

export class Channel {
  readonly #started = new NativeRecord("WatcherRecord");
  readonly #told: Told = new NativeRecord("WatchRecord");
  readonly #onTold: (told: Told) => void;
  /** How many bytes of a record have come: a stream may split and merge them. */
  #received = 0;
  #listening: Listening | undefined;
  #isStopped = false;
  /** Whether the socket is not the runtime's. */
  #isRefused = false;

  private constructor(onTold: (told: Told) => void) {
    this.#onTold = onTold;
  }

  /** Starts one; `onLost` is called, once and later, when it breaks. */
  static start(onTold: (told: Told) => void, onLost: (error: Failed) => void): Channel | Failed {
    const channel = new Channel(onTold);
    const errno = native().watcher_start(channel.#started.bytes);
    if (errno < 0) return { errno, syscall: WATCHER_STEPS[channel.#started.number("step")] };
    try {
      channel.#listening = listen(channel.#started.number("socket"), {
        onBytes: (bytes) => channel.#receive(bytes),
        onEnd: (error) => channel.#end(onLost, error),
        onRefused(error) {
          channel.#isRefused = true;
          channel.#end(onLost, error);
        },
      });
      return channel;
    } catch (error) {
      channel.#isRefused = true;
      channel.stop();
      return failedToRead(error);
    }
  }

  /** JavaScript's own descriptor of the epoll. */
  get epoll(): number {
    return this.#started.number("epoll");
  }

  /** Whether this is one of its descriptors: the runtime has one, and the native thread others. */
  owns(fd: number): boolean {
    const all = [this.#started.number("socket"), this.epoll, ...this.#started.numbers("inner", 3)];
    return !this.#isStopped && all.includes(fd);
  }

  /** Whether it keeps the program alive. */
  setRef(isRef: boolean): void {
    if (isRef) this.#listening?.ref();
    else this.#listening?.unref();
  }

  /** Ends the watcher, and closes all that it had. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    native().watcher_stop(this.#started.bytes, Number(this.#isRefused));
    this.#listening?.close();
  }

  /** Later: the runtime may tell while it is asked to listen. */
  async #end(onLost: (error: Failed) => void, error: unknown): Promise<void> {
    await undefined;
    if (!this.#isStopped) onLost(failedToRead(error));
  }

  #receive(bytes: Uint8Array): void {
    const record = this.#told.bytes;
    for (let at = 0; at < bytes.length && !this.#isStopped;) {
      const part = bytes.subarray(at, at + record.length - this.#received);
      record.set(part, this.#received);
      at += part.length;
      this.#received += part.length;
      if (this.#received < record.length) return;
      this.#received = 0;
      this.#onTold(this.#told);
    }
  }
}

/** What the runtime says, as far as it says it in the way of system calls. */
function failedToRead(cause: unknown): Failed {
  const { errno, syscall, message } = (cause ?? {}) as Record<string, unknown>;
  const reason = `the runtime no longer reads the watcher's socket: ${message ?? "it was closed"}`;
  return {
    errno: typeof errno === "number" && errno < 0 ? errno : EIO,
    syscall: typeof syscall === "string" ? syscall : "read",
    reason,
    cause,
  };
}
