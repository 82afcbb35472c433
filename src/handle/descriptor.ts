/**
 * Descriptors with exactly one owner. A number is never used again after it was closed, because by
 * then the kernel may have given it to somebody else.
 *
 * @module
 */
import { mayBeWorker } from "../../ffi/runtime.ts";
import { soon } from "../../ffi/timer.ts";
import { native } from "../kernel/native.ts";

/** Closes the descriptor of an owner that was collected without having closed it. */
const forgotten = new FinalizationRegistry<OwnedFd>((owned) => owned.close());

/**
 * Those made in this turn of the event loop, the last one last. To register one costs a tenth of
 * opening it, and more when it is collected; one that is closed in the same turn, as most are in a
 * loop, is spared that.
 */
const fresh: OwnedFd[] = [];

let isTurnNoticed = false;

/** In a turn that makes many, so that they don't pile up. */
const MOST_FRESH = 256;

/**
 * Which numbers are owned in this thread, so that none gets two owners. The kernel gives out the
 * smallest free one.
 */
const owned: boolean[] = [];

/** False in the thread that the process ends with: the kernel closes everything then. */
let isNoted = mayBeWorker();

/** The slot in which the library tracks them for this thread; 0 before there is one. */
let slot = 0;

/** The slot for descriptors that are opened natively; 0 before one was tracked here. */
export function slotOfThread(): number {
  return slot;
}

/** No descriptor has this number. */
const NO_FD = 2 ** 20;

/** The same, made now if there is none yet; 0 in a thread that needs none. */
export function makeSlot(): number {
  if (isNoted && slot === 0) note(NO_FD, false);
  return slot;
}

/** What the library has opened and tracks, so that nobody else here gets or closes it. */
export function own(fd: number): void {
  owned[fd] = true;
}

/** The same, which the library closes at once. */
export function disown(fd: number): void {
  owned[fd] = false;
}

/** Has the descriptor closed if this thread is a Worker that is terminated, or no longer. */
export function note(fd: number, isOwned: boolean): void {
  owned[fd] = isOwned;
  // Where it can't be noted, for want of memory or of a slot, it is open until the process ends,
  // and nothing is wrong before.
  if (!isNoted) return;
  const answer = native().track_fd(slot, fd, Number(isOwned));
  isNoted = answer !== 0;
  if (answer > 0) slot = answer;
}

/** An owned descriptor, shared with the registry that closes what was forgotten. */
export class OwnedFd {
  /** -1 once it is no longer ours. */
  fd: number;
  /** Until it is registered. Then nothing here may keep it, or it would never be collected. */
  owner: object | undefined;

  /**
   * Takes the ownership of `fd`; it is closed when `owner` is collected, and when its Worker ends.
   */
  constructor(fd: number, owner: object) {
    this.fd = fd;
    this.owner = owner;
    note(fd, true);
    if (fresh.length === MOST_FRESH) registerFresh();
    fresh.push(this);
    if (isTurnNoticed) return;
    isTurnNoticed = true;
    soon(endTurn);
  }

  /** Closes the descriptor; a second call does nothing. */
  close(): void {
    closeOwned(this.retire());
  }

  /** Gives the ownership up without closing; -1 if it was closed or detached before. */
  detach(): number {
    const fd = this.retire();
    // Before anybody closes it: the number may be another thread's right after.
    if (fd >= 0) note(fd, false);
    return fd;
  }

  /** Is of no use any more, and to be closed by {@linkcode closeOwned}; -1 if it was before. */
  retire(): number {
    const { fd } = this;
    this.fd = -1;
    if (fresh[fresh.length - 1] === this) fresh.pop();
    return fd;
  }
}

/**
 * Closes a descriptor of this thread that may be noted already; -1 is none. One call does both: a
 * Worker that is terminated between two would leave it open.
 */
export function closeOwned(fd: number): void {
  if (fd < 0) return;
  disown(fd);
  // Linux frees the number whatever close(2) returns, and nobody could do anything about an error.
  if (slot > 0) native().close_tracked(slot, fd);
  else native().close(fd);
}

function endTurn(): void {
  isTurnNoticed = false;
  registerFresh();
}

function registerFresh(): void {
  for (const each of fresh) {
    // Never unregistered: its `fd` says whether there is anything to do, and that is much cheaper.
    if (each.fd >= 0) forgotten.register(each.owner!, each);
    each.owner = undefined;
  }
  fresh.length = 0;
}

/** Whether a descriptor of this number has an owner in this thread. */
export function isOwned(fd: number): boolean {
  return owned[fd] === true;
}
