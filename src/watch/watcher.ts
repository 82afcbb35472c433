/**
 * Hears from the native watcher which processes have ended: one for each JavaScript thread, started at the first wait.
 *
 * @module
 */
import { now, reportUncaught, soon } from "../../ffi/timer.ts";
import { ABI } from "../../ffi/symbols.ts";
import { EBADF, EINVAL, POLLNVAL } from "../kernel/constants.ts";
import { native } from "../kernel/native.ts";
import { Channel, type Failed, type Told } from "./channel.ts";

/**
 * Who is told. Of numbers, bytes and plain objects alone, here and in {@linkcode Watcher}: copies
 * of this module share one watcher, and none knows the classes of another.
 */
export interface Listener {
  /**
   * Whether it waits once, until a pipe or a socket can be read or be written, and not for the end
   * of a process.
   */
  readonly direction?: "read" | "write";
  /** Set and compared by the watcher: a record that was on its way when its watch was removed is nobody's. */
  token: number;
  /**
   * What the watcher saw: the process has ended, and perhaps it was reaped; and how it ended, as
   * `fromWatcher` takes it.
   */
  onEvent(reaped: boolean, told: number, status: Uint8Array): void;
  /** It is watched no longer, and this is why. */
  onLost(failed: Failed): void;
}

/** What a thread's waits need of its watcher. */
export interface Watcher {
  /**
   * Watches a pidfd, also one whose process has ended already, or says why not. It must be removed
   * before it is closed. A listener with a direction hears once, and is added again for more.
   */
  add(pidfd: number, listener: Listener): Failed | null;
  /** Ends a watch. What was on its way finds nobody any more. */
  remove(pidfd: number): void;
  /** Keeps the program alive for so many more waits, or so many less. */
  hold(change: number): void;
  /** Whether this is one of its own descriptors. */
  owns(fd: number): boolean;
}

const MAX_TOKEN = 0x7fffffff;

/**
 * So many channels may break one after the other, each within a second and without a word, before
 * the waits are given up.
 */
const MOST_LOSSES = 5;
const SHORT_MS = 1000;

class ThreadWatcher implements Watcher {
  #channel: Channel | undefined;
  /** By their descriptors. The kernel gives out the smallest free number, so that few places are empty. */
  readonly #listeners: (Listener | undefined)[] = [];
  #lastToken = 0;
  #holds = 0;
  #isRef = false;
  #losses = 0;
  #startedAt = 0;

  add(pidfd: number, listener: Listener): Failed | null {
    let failed = this.#watch(pidfd, listener);
    if (failed && isWatchersOwn(failed, pidfd)) {
      this.#lose(failed);
      failed = this.#watch(pidfd, listener);
    }
    if (!failed) this.#listeners[pidfd] = listener;
    return failed;
  }

  remove(pidfd: number): void {
    this.#listeners[pidfd] = undefined;
    // It fails only if somebody has closed a descriptor behind our back, and then nothing is
    // watched either.
    if (this.#channel) native().watcher_remove(this.#channel.epoll, pidfd);
  }

  hold(change: number): void {
    const before = this.#holds;
    this.#holds += change;
    // After those who were told: they need not wait for it, and often wait for the next one at once.
    if ((before === 0) !== (this.#holds === 0)) soon(() => this.#applyRef());
  }

  owns(fd: number): boolean {
    return this.#channel?.owns(fd) ?? false;
  }

  #applyRef(): void {
    const isRef = this.#holds > 0;
    if (isRef === this.#isRef || !this.#channel) return;
    this.#isRef = isRef;
    this.#channel.setRef(isRef);
  }

  #watch(pidfd: number, listener: Listener): Failed | null {
    const failed = this.#start();
    if (failed) return failed;
    const token = this.#lastToken === MAX_TOKEN ? 1 : this.#lastToken + 1;
    const errno = this.#register(pidfd, token, listener.direction);
    if (errno < 0) return { errno, syscall: "epoll_ctl" };
    this.#lastToken = token;
    listener.token = token;
    return null;
  }

  #register(fd: number, token: number, direction: Listener["direction"]): number {
    const { epoll } = this.#channel!;
    if (direction === undefined) return native().watcher_add(epoll, fd, token);
    return native().watcher_arm(epoll, fd, direction === "write" ? -token : token);
  }

  #start(): Failed | null {
    if (this.#channel) return null;
    const started = Channel.start((told) => this.#tell(told), (failed) => this.#lose(failed));
    if (!(started instanceof Channel)) return started;
    this.#channel = started;
    this.#startedAt = now();
    this.#applyRef();
    return null;
  }

  /** A listener's exception is its own: others are told all the same. */
  #tell(told: Told): void {
    this.#losses = 0;
    const listener = this.#listeners[told.number("fd")];
    if (listener?.token !== told.number("token")) return;
    try {
      listener.onEvent(told.number("reaped") === 1, told.number("told"), told.tail("status"));
    } catch (error) {
      reportUncaught(error);
    }
  }

  /**
   * Replaces a channel that broke. Whatever has happened meanwhile is told at the new registration.
   */
  #lose(failed: Failed): void {
    this.#channel?.stop();
    this.#channel = undefined;
    this.#isRef = false;
    this.#losses = now() - this.#startedAt < SHORT_MS ? this.#losses + 1 : 1;
    const waiting = [...this.#listeners.entries()].filter(([, listener]) => listener);
    const isHopeless = this.#losses > MOST_LOSSES;
    if (isHopeless) this.#losses = 0;
    for (const [pidfd, listener] of waiting) {
      if (this.#listeners[pidfd] !== listener) continue;
      const why = isHopeless ? failed : this.#watch(pidfd, listener!);
      if (why) this.#giveUp(pidfd, why);
    }
  }

  #giveUp(pidfd: number, failed: Failed): void {
    const listener = this.#listeners[pidfd];
    this.#listeners[pidfd] = undefined;
    try {
      listener?.onLost(failed);
    } catch (error) {
      reportUncaught(error);
    }
  }
}

/**
 * Whether what failed is the watcher's own descriptor, which somebody has closed behind its back.
 */
function isWatchersOwn({ errno, syscall }: Failed, pidfd: number): boolean {
  const isDescriptor = syscall === "epoll_ctl" && (errno === EBADF || errno === EINVAL);
  return isDescriptor && native().poll(pidfd, 0, 0) !== POLLNVAL;
}

/** The number is that of the contract above; the records have theirs. */
const KEY = Symbol.for(`pidfd.watcher.2.${ABI}`);

let current: Watcher | undefined;

/**
 * This thread's watcher, which all copies of this module share: a program that is loaded anew
 * leaves nothing behind.
 */
export function watcher(): Watcher {
  return current ??= shared(globalThis as never);
}

/** Whether a descriptor is the watcher's of this thread; where there is none yet, none is made. */
export function isWatchers(fd: number): boolean {
  const found = current ?? (globalThis as { [KEY]?: Watcher })[KEY];
  return found?.owns(fd) ?? false;
}

function shared(world: { [KEY]?: Watcher }): Watcher {
  const found = world[KEY] ?? new ThreadWatcher();
  // A global object that was frozen takes none; then each copy has its own.
  Reflect.defineProperty(world, KEY, { value: found });
  return found;
}
