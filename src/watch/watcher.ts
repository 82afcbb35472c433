/**
 * Hears from the native watcher which processes have ended: one for each JavaScript thread, started at the first wait.
 *
 * @module
 */
import { listen } from "../../ffi/load.ts";
import type { Listening } from "../../ffi/native.ts";
import { check } from "../kernel/errors.ts";
import { type ExitStatus, fromWatcher } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";

/** What the watcher saw: the process has ended, and perhaps it was reaped too. */
export interface WatchEvent {
  readonly reaped: boolean;
  /** How it ended, where the watcher was told: of our child before anybody reaped it, of others after that. */
  readonly status: ExitStatus | null;
}

/** Who is told. */
export interface Listener {
  /** Set and compared by the watcher: a record that was on its way when its watch was removed is nobody's. */
  token: number;
  onEvent(event: WatchEvent): void;
}

/** The calls that start a watcher, as zig/watcher.zig counts them. */
const STEPS = ["socketpair", "epoll_create1", "fcntl", "epoll_ctl", "pthread_create"];

const record = new NativeRecord("WatchRecord");
const MAX_TOKEN = 0x7fffffff;

export class Watcher {
  readonly #epoll: number;
  readonly #channel: Listening;
  /** By their descriptors. The kernel gives out the smallest free number, so that few places are empty. */
  readonly #listeners: (Listener | undefined)[] = [];
  #lastToken = 0;
  /** How many bytes of a record have come: a stream may split and merge them. */
  #received = 0;
  #holds = 0;
  #isHeld = false;

  constructor() {
    const started = new NativeRecord("WatcherRecord");
    const result = native().watcher_start(started.bytes);
    check(result, STEPS[started.number("step")]);
    this.#epoll = started.number("epoll");
    this.#channel = listen(started.number("socket"), (bytes) => this.#receive(bytes));
  }

  /** Watches a pidfd, also one whose process has ended already. It must be removed before it is closed. */
  add(pidfd: number, listener: Listener): void {
    const token = this.#lastToken === MAX_TOKEN ? 1 : this.#lastToken + 1;
    check(native().watcher_add(this.#epoll, pidfd, token), "epoll_ctl");
    this.#lastToken = token;
    listener.token = token;
    this.#listeners[pidfd] = listener;
  }

  /** Ends a watch. What was on its way finds nobody any more. */
  remove(pidfd: number): void {
    this.#listeners[pidfd] = undefined;
    // It fails only if somebody has closed the descriptor behind the handle's back, and then nothing is watched either.
    native().watcher_remove(this.#epoll, pidfd);
  }

  /** Keeps the program alive for so many more waits, or so many less. */
  hold(change: number): void {
    const before = this.#holds;
    this.#holds += change;
    // After those who were told: they need not wait for it, and often wait for the next one at once.
    if ((before === 0) !== (this.#holds === 0)) queueMicrotask(() => this.#applyHold());
  }

  #applyHold(): void {
    const isHeld = this.#holds > 0;
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.#channel.ref();
    else this.#channel.unref();
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
    const listener = this.#listeners[record.number("fd")];
    if (listener?.token !== record.number("token")) return;
    const status = fromWatcher(record.number("told"), record.tail("status"));
    listener.onEvent({ reaped: record.number("reaped") === 1, status });
  }
}

let current: Watcher | undefined;

/** This thread's watcher. Throws where it can't be started; the next call tries again. */
export function watcher(): Watcher {
  return current ??= new Watcher();
}
