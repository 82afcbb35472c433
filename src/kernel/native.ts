/**
 * The native library of this JavaScript thread, loaded when it is first needed: importing the module loads nothing,
 * so that it works on every system.
 *
 * @module
 */
import { load } from "../../ffi/load.ts";
import type { Native } from "../../ffi/native.ts";
import { show } from "./arguments.ts";
import { ENOSYS } from "./constants.ts";
import { failure } from "./errors.ts";

let loaded: Native | undefined;

/** The library, or the error that a missing system call gives, with the reason. */
export function native(): Native {
  return loaded ?? loadNow();
}

function loadNow(path?: string): Native {
  try {
    loaded = load(path);
    return loaded;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw failure({ errno: ENOSYS, syscall: "pidfd_open", reason, cause });
  }
}

/**
 * Loads the native library from a file of yours, instead of from the places where it is looked for. Needed where Deno
 * runs with `--allow-ffi=PATH` and PATH is not the `lib` folder of the npm package: the embedded library can't be loaded then. It must come before any other use of this
 * module in the same thread. The environment variable `PIDFD_LIBRARY` does the same where it may be read, unless the
 * program has more rights than whoever started it (AT_SECURE, getauxval(3)).
 *
 * @param path The library's file, made from the same version of this package.
 * @throws {TypeError} If `path` is no string, or empty.
 * @throws {PidfdError} `ENOSYS` with the reason if the file can't be loaded.
 * @throws {Error} If the library is loaded already.
 */
export function loadLibrary(path: string): void {
  if (typeof path !== "string" || path === "") {
    throw new TypeError(`Cannot load the library: "path" must be a file's path: ${show(path)}`);
  }
  if (loaded) throw new Error(`Cannot load the library: it is loaded already: ${show(path)}`);
  loadNow(path);
}
