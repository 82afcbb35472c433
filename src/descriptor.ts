/**
 * A descriptor with exactly one owner. Its number is never used again after it was closed, because by then the kernel
 * may have given it to somebody else.
 *
 * @module
 */
import { native } from "./native.ts";

/** The number, shared with the registry that closes what was forgotten; -1 once it is no longer ours. */
interface Held {
  fd: number;
}

/** Closes the descriptor of an owner that was collected without having closed it. */
const forgotten = new FinalizationRegistry<Held>((held) => release(held));

/** The numbers that are owned in this thread, so that none gets two owners. */
const owned = new Set<number>();

function release(held: Held): void {
  const { fd } = held;
  if (fd < 0) return;
  held.fd = -1;
  owned.delete(fd);
  // Linux frees the number whatever close(2) answers, and nobody could do anything about an error.
  native().close(fd);
}

/** Whether a descriptor of this number has an owner in this thread. */
export function isOwned(fd: number): boolean {
  return owned.has(fd);
}

/** Owns one descriptor. */
export class Descriptor {
  readonly #held: Held;

  /** Takes the ownership of `fd`; it is closed when `owner` is collected. */
  constructor(fd: number, owner: object) {
    this.#held = { fd };
    owned.add(fd);
    // Never unregistered: `held` says whether there is anything to do, and that is much cheaper.
    forgotten.register(owner, this.#held);
  }

  /** The number, or -1 once it is closed or given away. */
  get fd(): number {
    return this.#held.fd;
  }

  /** Closes the descriptor; a second call does nothing. */
  close(): void {
    release(this.#held);
  }

  /** Gives the descriptor up without closing it. */
  detach(): number {
    const { fd } = this.#held;
    this.#held.fd = -1;
    owned.delete(fd);
    return fd;
  }
}
