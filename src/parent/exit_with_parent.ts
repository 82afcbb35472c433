/**
 * Ends this program when its parent ends.
 *
 * @module
 */
import { exitProgram, isWorker } from "../../ffi/exit.ts";
import { reportUncaught, startTimer } from "../../ffi/timer.ts";
import { closeOwned } from "../handle/descriptor.ts";
import { Handle } from "../handle/handle.ts";
import { type ProcessIdentity, toIdentity } from "../identity/identity.ts";
import { find, openIfThere } from "../identity/reopen.ts";
import { checkInteger, readOptions } from "../kernel/arguments.ts";
import { EREMOTE, ESRCH } from "../kernel/constants.ts";
import { failure } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { setRef, waitsOf } from "../process/waits.ts";

/** Whose end ends this program, and how. */
export interface ExitWithParentOptions {
  /** The exit code, an integer from 0 to 255; 1 if left out. */
  readonly code?: number | undefined;
  /**
   * The identity of the process that started this one, or its text, which that process has handed
   * over: in the environment, say. With it the program exits at once if that process has ended
   * before the call.
   */
  readonly parent?: ProcessIdentity | string | undefined;
}

/**
 * Exits this program when its parent ends, however the parent ends: SIGKILL leaves it no time to
 * end its children. The kernel reports the end of the parent's process file descriptor: nothing
 * polls, and a reused pid misleads nobody. The wait does not keep the program alive.
 *
 * The program exits as by `process.exit(code)`: listeners of "exit" (in Deno of "unload" too) run
 * first. It does so in the next turn of the event loop: a program that blocks
 * its event loop exits when it no longer does.
 *
 * The parent is the process that is the parent at the time of the call. A parent that has ended
 * before leaves no trace: its child has a new parent then, a child subreaper or pid 1, and exits
 * with that one. To exit at once in that case too, have the parent hand over its identity, and give
 * it as `parent`.
 *
 * Needs Linux 5.3, {@link https://man7.org/linux/man-pages/man2/pidfd_open.2.html pidfd_open(2)}.
 *
 * @param options The exit code, and the parent's identity.
 * @returns Disposing of it ends the wait; the program then survives its parent.
 * @throws {TypeError} If an option is of a wrong type.
 * @throws {RangeError} If `code` is no integer from 0 to 255.
 * @throws {Error} In a Worker, which can exit nothing but itself.
 * @throws {PidfdError} `EREMOTE` if the parent is outside of this pid namespace (its pid is 0), as
 * that of a container's first process: no handle on it can be had; `EMFILE`, `ENFILE`, `ENOMEM` or
 * `EAGAIN` if the watcher can't be started.
 * @throws {PidfdOpenFailedError} As {@linkcode Pidfd.open}.
 *
 * @example A tool server that ends with its host
 * ```ts
 * import { exitWithParent } from "@x/pidfd";
 *
 * const following = exitWithParent();
 * // From here on the program exits within milliseconds of its parent's end.
 * following[Symbol.dispose](); // and no longer
 * ```
 */
export function exitWithParent(options: ExitWithParentOptions = {}): Disposable {
  const action = "exit with the parent";
  const { code, parent } = readOptions(action, options, { code: 1, parent: undefined });
  checkInteger(action, "code", code, 0, 255);
  const identity = parent === undefined ? undefined : toIdentity(action, parent);
  if (isWorker()) throw new Error(`Cannot ${action}: a Worker exits alone, call it outside of it`);
  const handle = openParent(identity);
  if (handle) return exitAfter(handle, code);
  exitFor(code);
  return { [Symbol.dispose]() {} };
}

/** Null if the parent has ended already. */
function openParent(identity: ProcessIdentity | undefined): Handle | null {
  const current = openCurrentParent();
  if (!identity) return current;
  current.close();
  return find(identity);
}

/** A parent that exits between two questions has another one take its place: not so often. */
const MOST_TRIES = 100;

/**
 * Whoever is the parent before and after it was opened is the one that was opened: its pid was its
 * own in between, and who takes the place of one that has ended was there before, with another pid.
 */
function openCurrentParent(): Handle {
  for (let count = 0; count < MOST_TRIES; count++) {
    const pid = native().parent_pid();
    if (pid === 0) throw failure({ errno: EREMOTE, syscall: "getppid", reason: OUTSIDE });
    const fd = openIfThere(pid);
    if (fd !== null && native().parent_pid() === pid) return new Handle(fd, pid);
    if (fd !== null) closeOwned(fd);
  }
  throw failure({ errno: ESRCH, syscall: "pidfd_open" });
}

const OUTSIDE = "the parent is in a pid namespace that can't be seen from here";

/**
 * Exits although a listener of "exit" throws: Node has that end the exit, and a program that takes
 * every uncaught error would live on. The second call skips the listeners.
 */
function exitFor(code: number): void {
  try {
    exitProgram(code);
  } catch (error) {
    reportUncaught(error);
    startTimer(0, () => exitProgram(code));
  }
}

function exitAfter(handle: Handle, code: number): Disposable {
  setRef(handle, false);
  let stop: (() => void) | undefined;
  try {
    // A wait that is broken must not leave the program without what it has asked for in silence.
    stop = waitsOf(handle).listen("exited", () => exitFor(code), reportUncaught);
  } finally {
    if (!stop) handle.close();
  }
  return {
    [Symbol.dispose]() {
      stop();
      handle.close();
    },
  };
}
