/**
 * Checks of what callers hand over, made once and before any native call. The message says what was
 * to be done, what is wanted and what was given.
 *
 * @module
 */
import { INT_MAX } from "./constants.ts";
import { nearest } from "./nearest.ts";

/** An integer between two bounds, or an error that names it. */
export function checkInteger(
  action: string,
  name: string,
  value: unknown,
  least: number,
  most: number = INT_MAX,
): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot ${action}: "${name}" must be a number: ${show(value)}`);
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    const wanted = `an integer from ${least} to ${most}`;
    throw new RangeError(`Cannot ${action}: "${name}" must be ${wanted}: ${show(value)}`);
  }
  return value;
}

/** A limit in milliseconds; undefined for none, which `Infinity` is too. */
export function checkTimeout(action: string, value: unknown): number | undefined {
  const isLimited = value !== undefined && value !== Infinity;
  return isLimited ? checkInteger(action, "timeoutMs", value, 0) : undefined;
}

/** How long to wait before force is used: milliseconds, or `Infinity` for never. */
export function checkGrace(action: string, value: unknown): number {
  return value === Infinity ? Infinity : checkInteger(action, "graceMs", value, 0);
}

/** A pid: an integer from 1 to 2147483647. 0 and -1 would mean whole groups of processes. */
export function checkPid(action: string, value: unknown): number {
  return checkInteger(action, "pid", value, 1);
}

/** A descriptor: an integer from 0 to 2147483647. */
export function checkFd(action: string, value: unknown, name = "fd"): number {
  return checkInteger(action, name, value, 0);
}

/** A path as the bytes that the kernel takes: at most 4095, none of them zero. */
export function checkPath(action: string, value: unknown): Uint8Array {
  // Half of a surrogate pair has no bytes of its own; encoding it would name another file.
  const isPath = typeof value === "string" && value !== "" && !value.includes("\0") &&
    value.isWellFormed();
  if (!isPath) {
    throw new TypeError(`Cannot ${action}: "path" must be a file's path: ${show(value)}`);
  }
  const bytes = new TextEncoder().encode(value);
  if (bytes.length <= PATH_MAX) return bytes;
  throw new RangeError(
    `Cannot ${action}: "path" must have at most ${PATH_MAX} bytes: ${bytes.length}`,
  );
}

/** Without the zero that ends it. */
export const PATH_MAX = 4095;

/** Options that were read: each that is left out, or undefined, has its default. */
export type Read<T, D> = {
  readonly [K in keyof T & keyof D]: Exclude<T[K], undefined> | Extract<D[K], undefined>;
};

/**
 * Reads a caller's options, each once; `defaults` names every option that there is. Only own
 * properties count: what some other package has put on `Object.prototype` is no option. An unknown
 * name throws, because an option that is ignored in silence is a wait without its limit, or a
 * process that is ended in another way than was wanted.
 */
export function readOptions<T extends object, D extends { readonly [K in keyof T]-?: unknown }>(
  action: string,
  options: T,
  defaults: D,
  name: string = "options",
): Read<T, D> {
  // An array, an AbortSignal or a promise is an object too, with no option of its own.
  if (Object.prototype.toString.call(options) !== "[object Object]") {
    throw new TypeError(`Cannot ${action}: "${name}" must be an object: ${show(options)}`);
  }
  checkNames(action, options, Object.keys(defaults));
  return { ...defaults, ...ownDefined(options, Object.keys(defaults)) } as never;
}

function checkNames(action: string, options: object, known: string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const likely = nearest(name, known);
    const hint = likely === undefined
      ? `the options are ${known.map(show).join(", ")}`
      : `did you mean ${show(likely)}?`;
    throw new TypeError(`Cannot ${action}: unknown option ${show(name)}: ${hint}`);
  }
}

/** Those of the named properties that an object has itself, and that are not undefined. */
export function ownDefined(value: object, names: readonly string[]): Record<string, unknown> {
  const read: Record<string, unknown> = Object.create(null);
  for (const name of names) {
    const own = Object.hasOwn(value, name) ? (value as typeof read)[name] : undefined;
    if (own !== undefined) read[name] = own;
  }
  return read;
}

/** True or false. */
export function checkBoolean(action: string, name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`Cannot ${action}: "${name}" must be true or false: ${show(value)}`);
}

/** One of these words. */
export function checkOneOf<T extends string>(
  action: string,
  name: string,
  value: unknown,
  words: readonly T[],
): T {
  if (words.includes(value as T)) return value as T;
  const wanted = words.map(show).join(", ");
  throw new TypeError(`Cannot ${action}: "${name}" must be one of ${wanted}: ${show(value)}`);
}

/** A function, or nothing. */
export function checkFunction(action: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw new TypeError(`Cannot ${action}: "${name}" must be a function: ${show(value)}`);
}

/** An AbortSignal, or nothing. */
export function checkAbortSignal(action: string, value: unknown): void {
  if (value === undefined || value instanceof AbortSignal) return;
  throw new TypeError(`Cannot ${action}: "signal" must be an AbortSignal: ${show(value)}`);
}

/** A value as an error message shows it: its type can be told from what stands there. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "object" && value !== null) return Object.prototype.toString.call(value);
  return Object.is(value, -0) ? "-0" : String(value);
}
