/**
 * Descriptors with exactly one owner. A number is never used again after it was closed, because by then the kernel
 * may have given it to somebody else.
 *
 * @module
 */
import { native } from "./native.ts";

/** An owned descriptor, shared with the registry that closes what was forgotten; -1 once it is no longer ours. */
export interface Held {
  fd: number;
}

/** Closes the descriptor of an owner that was collected without having closed it. */
const forgotten = new FinalizationRegistry<Held>((held) => release(held));

/** Which numbers are owned in this thread, so that none gets two owners. The kernel gives out the smallest free one. */
const owned: boolean[] = [];

/** Takes the ownership of `fd`; it is closed when `owner` is collected. */
export function hold(fd: number, owner: object): Held {
  const held = { fd };
  owned[fd] = true;
  // Never unregistered: `held` says whether there is anything to do, and that is much cheaper.
  forgotten.register(owner, held);
  return held;
}

/** Closes the descriptor; a second call does nothing. */
export function release(held: Held): void {
  const fd = giveUp(held);
  // Linux frees the number whatever close(2) answers, and nobody could do anything about an error.
  if (fd >= 0) native().close(fd);
}

/** Gives the descriptor up without closing it; -1 if it was closed or given up before. */
export function giveUp(held: Held): number {
  const { fd } = held;
  if (fd >= 0) owned[fd] = false;
  held.fd = -1;
  return fd;
}

/** Whether a descriptor of this number has an owner in this thread. */
export function isOwned(fd: number): boolean {
  return owned[fd] === true;
}
