/**
 * Resource limits by their names.
 *
 * @module
 */
import { show } from "../kernel/arguments.ts";

/**
 * A resource as prlimit(1) names it: "nofile" is RLIMIT_NOFILE. See
 * {@link https://man7.org/linux/man-pages/man2/getrlimit.2.html getrlimit(2)} for the units.
 */
export type ResourceLimit =
  | "cpu"
  | "fsize"
  | "data"
  | "stack"
  | "core"
  | "rss"
  | "nproc"
  | "nofile"
  | "memlock"
  | "as"
  | "locks"
  | "sigpending"
  | "msgqueue"
  | "nice"
  | "rtprio"
  | "rttime";

/** In the order of their numbers, which all CPUs of this library share. */
const RESOURCES: readonly ResourceLimit[] = [
  "cpu",
  "fsize",
  "data",
  "stack",
  "core",
  "rss",
  "nproc",
  "nofile",
  "memlock",
  "as",
  "locks",
  "sigpending",
  "msgqueue",
  "nice",
  "rtprio",
  "rttime",
];

/** A soft and a hard limit, and the number of their resource. */
export type Limit = readonly [resource: number, soft: bigint, hard: bigint];

const INFINITY = 2n ** 64n - 1n;

/** The limits of an option, checked. */
export function checkLimits(action: string, value: unknown): Limit[] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`Cannot ${action}: "limits" must be an object: ${show(value)}`);
  }
  return Object.entries(value)
    .filter(([, limit]) => limit !== undefined)
    .map(([name, limit]) => checkLimit(action, name, limit));
}

function checkLimit(action: string, name: string, value: unknown): Limit {
  const resource = RESOURCES.indexOf(name as ResourceLimit);
  if (resource < 0) {
    const known = RESOURCES.join(", ");
    throw new TypeError(`Cannot ${action}: "limits" has no ${show(name)}: one of ${known}`);
  }
  const isPair = Array.isArray(value) && value.length === 2;
  const [soft, hard] = (isPair ? value : [value, value]).map((one) => number(action, name, one));
  if (soft <= hard) return [resource, soft, hard];
  const order = "the soft limit must not be above the hard one";
  throw new RangeError(`Cannot ${action}: "limits.${name}": ${order}: ${soft}, ${hard}`);
}

function number(action: string, name: string, value: unknown): bigint {
  if (value === Infinity) return INFINITY;
  if (typeof value !== "number") {
    const wanted = "must be a number or a pair of numbers";
    throw new TypeError(`Cannot ${action}: "limits.${name}" ${wanted}: ${show(value)}`);
  }
  if (Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  const wanted = `must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}, or Infinity`;
  throw new RangeError(`Cannot ${action}: "limits.${name}" ${wanted}: ${show(value)}`);
}
