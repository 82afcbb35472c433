/**
 * Hears from the native watcher which processes have ended: one for each JavaScript thread, started at the first wait.
 *
 * @module
 */
import { listen } from "../ffi/load.ts";
import type { Listening } from "../ffi/native.ts";
import { check } from "./errors.ts";
import { type ExitStatus, fromWatcher } from "./exit.ts";
import { native } from "./native.ts";
import { NativeRecord } from "./record.ts";

/** What the watcher saw: the process has ended, and perhaps it was reaped too. */
export interface WatchEvent {
  readonly reaped: boolean;
  /** How it ended, where it is our child and the watcher looked before anybody reaped it. */
  readonly status: ExitStatus | null;
}

/** Who is told. */
export interface Listener {
  onEvent(event: WatchEvent): void;
}

interface Watch {
  /** The watched duplicate of the pidfd. */
  fd: number;
  listener: Listener;
}

const record = new NativeRecord("WatchRecord");
const MAX_TOKEN = 0x7fffffff;

export class Watcher {
  readonly #epoll: number;
  readonly #channel: Listening;
  readonly #watches = new Map<number, Watch>();
  #lastToken = 0;
  /** How many bytes of a record have come: a stream may split and merge them. */
  #received = 0;
  #holds = 0;

  constructor() {
    const descriptors = new NativeRecord("WatcherRecord");
    check(native().watcher_start(descriptors.bytes), "pthread_create");
    this.#epoll = descriptors.number("epoll");
    this.#channel = listen(descriptors.number("socket"), (bytes) => this.#receive(bytes));
  }

  /** Watches a pidfd, also one whose process has ended already; answers the token that ends the watch. */
  add(pidfd: number, listener: Listener): number {
    const token = this.#freeToken();
    const fd = check(native().watcher_add(this.#epoll, pidfd, token), "epoll_ctl");
    this.#watches.set(token, { fd, listener });
    return token;
  }

  /** Ends a watch. What was on its way finds nobody any more. */
  remove(token: number): void {
    const watch = this.#watches.get(token);
    if (!watch) return;
    this.#watches.delete(token);
    check(native().watcher_remove(this.#epoll, watch.fd), "epoll_ctl");
  }

  /** Keeps the program alive for so many more waits, or so many less. */
  hold(change: number): void {
    const before = this.#holds;
    this.#holds += change;
    if (before === 0 && this.#holds > 0) this.#channel.ref();
    if (before > 0 && this.#holds === 0) this.#channel.unref();
  }

  #freeToken(): number {
    do {
      this.#lastToken = this.#lastToken === MAX_TOKEN ? 1 : this.#lastToken + 1;
    } while (this.#watches.has(this.#lastToken));
    return this.#lastToken;
  }

  #receive(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + record.bytes.length - this.#received);
      record.bytes.set(part, this.#received);
      at += part.length;
      this.#received += part.length;
      if (this.#received < record.bytes.length) return;
      this.#received = 0;
      this.#dispatch();
    }
  }

  #dispatch(): void {
    const watch = this.#watches.get(record.number("token"));
    if (!watch) return;
    const status = record.number("told") === 1 ? fromWatcher(record.tail("status")) : null;
    watch.listener.onEvent({ reaped: record.number("reaped") === 1, status });
  }
}

let current: Watcher | undefined;

/** This thread's watcher. Throws where it can't be started; the next call tries again. */
export function watcher(): Watcher {
  return current ??= new Watcher();
}
