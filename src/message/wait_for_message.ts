/**
 * Waits for a message without blocking.
 *
 * @module
 */
import { reportUncaught, startTimer } from "../../ffi/timer.ts";
import { OwnedFd } from "../handle/descriptor.ts";
import { checkFd } from "../kernel/arguments.ts";
import { F_DUPFD_CLOEXEC } from "../kernel/constants.ts";
import { check, failure, timeoutError } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { checkedLimits, type WaitLimits } from "../process/wait.ts";
import type { Failed } from "../watch/channel.ts";
import { callEach, reasonOf } from "../watch/limits.ts";
import { type Listener, watcher } from "../watch/watcher.ts";
import { type ReceivedMessage, receiveMessage } from "./message.ts";

/**
 * Waits, without blocking and without polling, for the next message of a Unix socket, and receives it as
 * {@linkcode receiveMessage} does. Keeps the program alive. Of several waits on one socket each gets a
 * message of its own, in no given order.
 *
 * The wait has a duplicate of the descriptor: if you close yours meanwhile, it goes on until a message, the end of the other
 * side or a limit ends it. That the other side of a datagram socket was closed is told by nobody.
 *
 * @param socketFd A Unix socket's descriptor, from 0 to 2147483647, which no event loop reads: see {@linkcode socketDescriptor}.
 * @returns The message. Of a stream whose other end was closed it has no data.
 * @throws {TypeError} If an argument is of a wrong type, or an option is unknown.
 * @throws {RangeError} If a number is outside its range.
 * @throws {DOMException} `TimeoutError` when the time is up; a message that comes later is not lost.
 * @throws The reason of `signal`, when it is aborted.
 * @throws {PidfdError} As {@linkcode receiveMessage}; `EMFILE` if no descriptor is free; `ENFILE`, `ENOMEM` or `EAGAIN` if the
 * watcher can't be started.
 *
 * @example Listen while the program does something else
 * ```ts
 * import { closeDescriptor, sendMessage, socketPair, waitForMessage } from "@x/pidfd";
 *
 * const [here, there] = socketPair("seqpacket"); // in truth, `there` is another process's
 * setTimeout(() => sendMessage(there, { data: new TextEncoder().encode("READY=1") }), 50);
 * const { data, descriptors } = await waitForMessage(here, { timeoutMs: 10_000 });
 * descriptors.forEach(closeDescriptor); // nobody has asked for any
 * console.log(new TextDecoder().decode(data)); // READY=1
 * closeDescriptor(here);
 * closeDescriptor(there);
 * ```
 */
export async function waitForMessage(
  socketFd: number,
  options: WaitLimits = {},
): Promise<ReceivedMessage> {
  const action = "wait for a message";
  checkFd(action, socketFd);
  const limits = checkedLimits(action, options);
  limits.signal?.throwIfAborted();
  return receiveMessage(socketFd) ?? await new Promise((resolve, reject) => {
    new Arrival(socketFd, resolve, reject).begin(limits);
  });
}

/** One wait on one socket. It is over in the moment that it is decided, so that no message is taken for nobody. */
class Arrival implements Listener {
  /** Its own, so that a number which somebody else gets meanwhile is never read. */
  readonly #owned: OwnedFd;
  readonly #resolve: (message: ReceivedMessage) => void;
  readonly #reject: (reason: unknown) => void;
  #undo: (() => void)[] = [];
  /** The watcher's. */
  token = 0;

  constructor(
    socketFd: number,
    resolve: (message: ReceivedMessage) => void,
    reject: (reason: unknown) => void,
  ) {
    const fd = check(native().fcntl(socketFd, F_DUPFD_CLOEXEC, 0), "fcntl");
    this.#owned = new OwnedFd(fd, this);
    this.#resolve = resolve;
    this.#reject = reject;
    this.#undo.push(() => this.#owned.close());
  }

  /** The limits were checked. */
  begin({ timeoutMs, signal }: WaitLimits): void {
    try {
      this.#watch();
      if (signal) this.#giveUpOn(signal);
    } catch (error) {
      return this.#end(() => this.#reject(error));
    }
    if (timeoutMs === undefined) return;
    const onTime = () => {
      // Where this program was busy, or stopped, a message may be there of which nobody has told yet.
      this.onEvent();
      this.#end(() => this.#reject(timeoutError(`no message has come within ${timeoutMs} ms`)));
    };
    this.#undo.push(startTimer(timeoutMs, onTime));
  }

  #watch(): void {
    const found = watcher();
    const failed = found.add(this.#owned.fd, this);
    if (failed) throw failure(failed);
    found.hold(1);
    this.#undo.push(() => {
      found.remove(this.#owned.fd);
      found.hold(-1);
    });
  }

  #giveUpOn(signal: AbortSignal): void {
    const onAbort = () => this.#end(() => this.#reject(reasonOf(signal)));
    signal.addEventListener("abort", onAbort, { once: true });
    this.#undo.push(() => signal.removeEventListener("abort", onAbort));
  }

  /** There is one event for what is there already, and one for each arrival: somebody else may have been quicker. */
  onEvent(): void {
    try {
      const message = receiveMessage(this.#owned.fd);
      if (message) this.#end(() => this.#resolve(message));
    } catch (error) {
      this.#end(() => this.#reject(error));
    }
  }

  /** The watcher is lost, and can't be replaced. */
  onLost(failed: Failed): void {
    this.#end(() => this.#reject(failure(failed)));
  }

  /**
   * A message that was received must reach its receiver: what a broken signal throws is reported,
   * and rejects nothing.
   */
  #end(settle: () => void): void {
    const undo = this.#undo.reverse();
    this.#undo = [];
    try {
      callEach(undo);
    } catch (error) {
      reportUncaught(error);
    }
    settle();
  }
}
