/**
 * The pending waits on one handle, which share one registration with the watcher: it lasts as long
 * as one is pending.
 *
 * @module
 */
import type { Handle } from "../handle/handle.ts";
import { failure } from "../kernel/errors.ts";
import type { ExitStatus } from "../kernel/exit.ts";
import type { Failed } from "../watch/channel.ts";
import { type Listener, type Watcher, watcher } from "../watch/watcher.ts";
import type { Milestone, Waiter, WaiterOwner } from "./waiter.ts";

/** Most handles have one wait, so it is a chain: a set would be larger than all the rest. */
export abstract class WaiterChain implements Listener, WaiterOwner {
  /** Kept as long as a wait is pending, so that it is never collected, and closed, under it. */
  protected readonly handle: Handle;
  #first: Waiter | undefined;
  #count = 0;
  #watcher: Watcher | undefined;
  /** The descriptor that is watched. */
  #fd = -1;
  /** The watcher's. */
  token = 0;

  /** An empty one. */
  constructor(handle: Handle) {
    this.handle = handle;
  }

  abstract onEvent(reaped: boolean, told: number, status: Uint8Array): void;

  abstract lookAtLast(): string;

  /** Whether no wait is pending. */
  protected get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Makes a wait pending. */
  protected add(waiter: Waiter): Waiter {
    if (this.#count === 0) this.#register();
    waiter.next = this.#first;
    if (this.#first) this.#first.previous = waiter;
    this.#first = waiter;
    this.#count++;
    if (this.handle.isRef) this.#watcher!.hold(1);
    return waiter;
  }

  remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    this.#count--;
    if (this.handle.isRef) this.#watcher!.hold(-1);
    if (this.#count > 0) return;
    this.#watcher!.remove(this.#fd);
    this.#watcher = undefined;
  }

  /** `isRef` of the handle has changed. */
  onRefChange(): void {
    this.#watcher?.hold(this.handle.isRef ? this.#count : -this.#count);
  }

  /** Resolves those that wait for a milestone. */
  protected reach(milestone: Milestone, status: ExitStatus): void {
    if (this.#count === 0) return;
    for (const waiter of this.#oldestFirst()) {
      if (waiter.milestone === milestone) waiter.resolve(status);
    }
  }

  /** Rejects all. An error is dear, and is made only for a wait that gets it. */
  fail(makeReason: () => unknown): void {
    if (this.#count === 0) return;
    const reason = makeReason();
    for (const waiter of this.#oldestFirst()) waiter.reject(reason);
  }

  /** The watcher is lost, and can't be replaced. */
  onLost(failed: Failed): void {
    this.fail(() => failure(failed));
  }

  #register(): void {
    const { fd } = this.handle;
    const found = watcher();
    const failed = found.add(fd, this);
    if (failed) throw failure(failed);
    this.#fd = fd;
    this.#watcher = found;
  }

  /** Those that wait now: a callback may start and end others. */
  #oldestFirst(): Waiter[] {
    const waiters: Waiter[] = [];
    for (let waiter = this.#first; waiter; waiter = waiter.next) waiters.push(waiter);
    return waiters.reverse();
  }
}
