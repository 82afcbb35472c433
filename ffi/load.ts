/**
 * Finds the native library and loads it with the runtime's own means, once a JavaScript thread.
 *
 * In this order: the path that was given, the path in `PIDFD_LIBRARY` (unless the program runs with
 * more rights than whoever started it, who has made the environment), the file beside this module,
 * the bytes that are embedded in this module; Bun, and Deno where it may load anything, take the
 * bytes before the file. A given path is the only one tried: whoever gives one wants no other.
 *
 * @module
 */
import { decoded } from "./base64.ts";
import { bun } from "./bun.ts";
import { deno } from "./deno.ts";
import { platform, runtime } from "./runtime.ts";
import { LIBRARIES } from "./library.ts";
import { libraryFolder } from "./library_folder.ts";
import { assertComplete, readLibrary } from "./library_file.ts";
import type { Adapter, Listening, Native, SocketListener } from "./native.ts";
import { node } from "./node.ts";
import { tooOld } from "./oldest.ts";
import { ABI } from "./symbols.ts";

/**
 * A CPU as the runtimes name it (Deno's names are those of `uname -m` already), and as `uname -m`
 * does.
 */
const CPUS: Readonly<Record<string, string>> = {
  x64: "x86_64",
  arm64: "aarch64",
  riscv64: "riscv64",
  ppc64: "ppc64le",
  s390x: "s390x",
  loong64: "loongarch64",
  arm: "armv7l",
};

/** Loads the library. Throws an `Error` that says what was tried and what to do. */
export function load(givenPath?: string): Native {
  if (platform() !== "linux") {
    throw new Error(`process file descriptors exist on Linux only: this is ${platform()}`);
  }
  // Deno has it too, but to look there would load its whole layer for Node.
  if (!runtime.Deno && !runtime.process.getBuiltinModule) throw tooOld();
  const adapter = adapterOfThisRuntime();
  const path = givenPath ?? environmentPath(adapter);
  if (path) return verified(openGiven(adapter, path), path);
  const { arch } = runtime.Deno ? runtime.Deno.build : runtime.process;
  const cpu = CPUS[arch] ?? arch;
  if (!Object.hasOwn(LIBRARIES, cpu)) {
    throw new Error(`there is no native library for this CPU: ${arch}`);
  }
  return openBeside(adapter, cpu) ?? openEmbedded(adapter, cpu);
}

/** As {@linkcode Adapter.listen}. */
export function listen(fd: number, listener: SocketListener): Listening {
  return adapterOfThisRuntime().listen(fd, listener);
}

function adapterOfThisRuntime(): Adapter {
  return runtime.Deno ? deno : runtime.Bun ? bun : node;
}

function environmentPath(adapter: Adapter): string | undefined {
  const path = namedByEnvironment();
  return path && !adapter.isSecure() ? path : undefined;
}

function namedByEnvironment(): string | undefined {
  // Asked first, because Deno would otherwise prompt for the permission to read a variable that few
  // people set.
  const query = { name: "env", variable: "PIDFD_LIBRARY" } as const;
  if (!runtime.Deno) return runtime.process.env.PIDFD_LIBRARY;
  if (runtime.Deno.permissions.querySync(query).state !== "granted") return undefined;
  return runtime.Deno.env.get("PIDFD_LIBRARY");
}

function openGiven(adapter: Adapter, path: string): Native {
  try {
    // A bare name is looked for by the loader, who knows where.
    const bytes = path.includes("/") ? readLibrary(path) : undefined;
    if (bytes) assertComplete(bytes);
    return adapter.open(path);
  } catch (cause) {
    throw failure(`the library that was asked for can't be loaded: ${path}`, cause);
  }
}

/**
 * The file beside this module, as the npm package and `deno compile --include` have it; a checkout
 * has none.
 */
function openBeside(adapter: Adapter, cpu: string): Native | undefined {
  if (LIBRARIES[cpu].base64 !== "" && prefersEmbedded()) return undefined;
  const folder = libraryFolder();
  if (folder === undefined) return undefined;
  const path = `${folder}/lib/pidfd-${cpu}.so`;
  const bytes = readLibrary(path);
  if (bytes === null) return undefined;
  try {
    if (bytes) assertComplete(bytes);
    return verified(adapter.open(path), path);
  } catch (cause) {
    if (isRefused(cause) || (!bytes && isAbsent(cause))) return undefined;
    const what = `the library beside the module can't be loaded: ${path}`;
    throw failure(isDisabled(cause) ? what : `${what}: install the package again`, cause);
  }
}

/**
 * The embedded bytes nothing can have damaged. Deno needs the right to load anything for them, and
 * to look at a file takes one of its own; Bun needs two milliseconds for `node:fs` alone.
 */
function prefersEmbedded(): boolean {
  if (!runtime.Deno) return runtime.Bun !== undefined;
  return runtime.Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}

/** This Deno may not load the file: `--allow-ffi=PATH` names another one. */
function isRefused(error: unknown): boolean {
  return String(error).includes("NotCapable");
}

/** This Node may load no add-ons: `--permission` without `--allow-addons`, or `--no-addons`. */
function isDisabled(error: unknown): boolean {
  return String(error).includes("loading addons is disabled");
}

/** No such file; glibc says the same of a file for another CPU. */
function isAbsent(error: unknown): boolean {
  return /No such file|cannot open shared object/.test(String(error));
}

function openEmbedded(adapter: Adapter, cpu: string): Native {
  const { base64 } = LIBRARIES[cpu];
  if (base64 === "") {
    // The npm package embeds the CPUs that all runtimes run on; the others have their file alone.
    throw new Error(`the library's file is missing beside the module: lib/pidfd-${cpu}.so`);
  }
  try {
    const bytes = decoded(base64);
    return verified(adapter.openBytes(bytes, ABI), "the embedded library");
  } catch (cause) {
    throw failure("the embedded library can't be loaded", cause);
  }
}

/** The number covers every declaration, so a library that has it has all the functions too. */
function verified(native: Native, path: string): Native {
  if (abiOf(native) === ABI) return native;
  throw new Error(`${path} is of another version of pidfd: install the two together`);
}

/** Another library may lack even this function; Deno hears of it at the call. */
function abiOf(native: Native): number | undefined {
  try {
    return native.abi();
  } catch {
    return undefined;
  }
}

function failure(what: string, cause: unknown): Error {
  if (isDisabled(cause)) what += ": run Node with --allow-addons";
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${what}: ${reason}`, { cause });
}
