/**
 * One end of a pipe or a socket that a child has the other end of, read or written without
 * blocking.
 *
 * @module
 */
import { allocate } from "../../ffi/spawning.ts";
import { nextTurn } from "../../ffi/turn.ts";
import { OwnedFd } from "../handle/descriptor.ts";
import { EAGAIN, EBADF, ECONNRESET, F_SETPIPE_SZ } from "../kernel/constants.ts";
import { failure } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import type { Failed } from "../watch/channel.ts";
import { type Listener, watcher } from "../watch/watcher.ts";

/** What a full pipe has at first; a read gets no more. */
const CHUNK = 65_536;

/** What one is given that was found full: each wait for more then brings more. */
const LARGE = 2 ** 20;

/** So many chunks are read or written before the event loop has a turn. */
const MOST_CHUNKS = 16;

/** Waits for its descriptor, keeps the program alive meanwhile, and closes it. */
abstract class Pipe implements Listener {
  abstract readonly direction: "read" | "write";
  readonly #owned: OwnedFd;
  #isArmed = false;
  #isHeld = false;
  #isRef = true;
  /** The watcher's. */
  token = 0;

  constructor(fd: number) {
    this.#owned = new OwnedFd(fd, this);
  }

  /** The number, for as long as it is ours. */
  get fd(): number {
    return this.#owned.fd;
  }

  /** Whether the descriptor is ours no longer. */
  get isClosed(): boolean {
    return this.#owned.fd < 0;
  }

  /** Whether waiting for it keeps the program alive. */
  setRef(isRef: boolean): void {
    this.#isRef = isRef;
    this.#setHeld(this.#isArmed && isRef);
  }

  /** Closes the descriptor; a second call does nothing. */
  close(): void {
    if (this.isClosed) return;
    if (this.token !== 0) watcher().remove(this.fd);
    this.#setArmed(false);
    this.#owned.close();
  }

  /** Goes on where it stopped. */
  protected abstract proceed(): void;

  /** Whatever it was doing has failed. */
  protected abstract fail(error: Error): void;

  /** Has `proceed` called when the descriptor is ready. */
  protected arm(): void {
    const failed = watcher().add(this.fd, this);
    if (failed) this.fail(failure(failed));
    else this.#setArmed(true);
  }

  onEvent(): void {
    this.#setArmed(false);
    if (!this.isClosed) this.proceed();
  }

  onLost(failed: Failed): void {
    this.#setArmed(false);
    this.fail(failure(failed));
  }

  #setArmed(isArmed: boolean): void {
    this.#isArmed = isArmed;
    this.#setHeld(isArmed && this.#isRef);
  }

  #setHeld(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    watcher().hold(isHeld ? 1 : -1);
  }
}

/** Who gets what is read. */
export interface Sink {
  /** Takes bytes, which are its own; false when it wants no more for now. */
  onBytes(bytes: Uint8Array): boolean;
  /** There is no more: the end, or an error. */
  onEnd(error?: Error): void;
}

/** Reads for as long as somebody wants more. */
export class PipeReader extends Pipe {
  readonly direction = "read";
  #sink: Sink | undefined;
  #isWanted = false;
  #isReading = false;
  #buffer: Uint8Array | undefined;
  #chunk: number;

  /** Reads so many bytes at once. */
  constructor(fd: number, chunk = CHUNK) {
    super(fd);
    this.#chunk = chunk;
  }

  /** Reads until the sink wants no more; to be called again then. */
  read(sink: Sink): void {
    this.#sink = sink;
    if (this.#isWanted || this.isClosed) return;
    this.#isWanted = true;
    if (!this.#isReading) this.proceed();
  }

  /** The same, but not before the event loop has had its turn. */
  readLater(sink: Sink): void {
    this.#sink = sink;
    this.#isWanted = true;
    this.arm();
  }

  protected proceed(): void {
    this.#isReading = true;
    let isDue = false;
    for (let chunks = 0; this.#isWanted && !this.isClosed && !isDue; chunks++) {
      isDue = chunks === MOST_CHUNKS;
      if (!isDue && !this.#readChunk()) break;
    }
    this.#isReading = false;
    if (isDue) this.#proceedLater();
  }

  async #proceedLater(): Promise<void> {
    this.#isReading = true;
    await nextTurn();
    this.#isReading = false;
    if (this.#isWanted && !this.isClosed) this.proceed();
  }

  /** False when there is nothing to read for now, or ever. */
  #readChunk(): boolean {
    const buffer = this.#buffer ??= allocate(this.#chunk);
    const count = this.#readInto(buffer);
    if (count === EAGAIN) {
      this.arm();
      return false;
    }
    if (count <= 0) {
      this.#end(count === 0 ? undefined : failure({ errno: count, syscall: "read" }));
      return false;
    }
    if (count === CHUNK && this.#chunk === CHUNK) this.#enlarge();
    this.#isWanted = this.#sink!.onBytes(this.#take(buffer, count));
    return true;
  }

  /**
   * A Unix socket whose other end was closed with something unread reports that once, before what
   * came over it: the next read has that, or the end.
   */
  #readInto(buffer: Uint8Array): number {
    const count = native().stream_read(this.fd, buffer.length, buffer);
    if (count !== ECONNRESET) return count;
    return native().stream_read(this.fd, buffer.length, buffer);
  }

  /** It fails where this user has too much in pipes, and of a socket; then it stays as it is. */
  #enlarge(): void {
    native().fcntl(this.fd, F_SETPIPE_SZ, LARGE);
    this.#chunk = 4 * CHUNK;
  }

  /** A copy of few bytes, or the buffer itself. */
  #take(buffer: Uint8Array, count: number): Uint8Array {
    if (count < buffer.length / 2) return new Uint8Array(buffer.subarray(0, count));
    this.#buffer = undefined;
    return buffer.subarray(0, count);
  }

  protected fail(error: Error): void {
    this.#end(error);
  }

  #end(error?: Error): void {
    this.#isWanted = false;
    this.close();
    this.#sink?.onEnd(error);
  }
}

const CLOSED = {
  errno: EBADF,
  syscall: "write",
  reason: "it is closed; output() closes an input that is not used at once",
};

/** Writes one piece after the other. */
export class PipeWriter extends Pipe {
  readonly direction = "write";
  #bytes: Uint8Array | undefined;
  /** How often it was full. */
  #waits = 0;
  #done = 0;
  #onDone: (error?: Error) => void = () => {};

  /** Writes all of it, and then calls back; one piece at a time. */
  write(bytes: Uint8Array, onDone: (error?: Error) => void): void {
    if (this.isClosed) return onDone(failure(CLOSED));
    this.#bytes = bytes;
    this.#done = 0;
    this.#onDone = onDone;
    this.proceed();
  }

  /** Lets the other end read to its end, where the descriptor is read too. */
  end(): void {
    native().stream_end(this.fd);
    this.close();
  }

  protected proceed(): void {
    const bytes = this.#bytes;
    if (!bytes) return;
    while (this.#done < bytes.length) {
      const rest = bytes.subarray(this.#done, this.#done + MOST_CHUNKS * CHUNK);
      const count = native().stream_write(this.fd, rest.length, rest);
      if (count === EAGAIN) return this.#wait();
      if (count < 0) return this.fail(failure({ errno: count, syscall: "write" }));
      this.#done += count;
    }
    this.#settle();
  }

  /** Whatever is found full again, because the other end reads, is given more room. */
  #wait(): void {
    if (++this.#waits !== 2) return this.arm();
    // It fails where this user has too much in pipes, and of a socket.
    native().fcntl(this.fd, F_SETPIPE_SZ, LARGE);
    this.proceed();
  }

  protected fail(error: Error): void {
    this.#settle(error);
  }

  #settle(error?: Error): void {
    this.#bytes = undefined;
    this.#onDone(error);
  }
}
