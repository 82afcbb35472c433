/**
 * Who a process is, in a form that outlives this program, and the text of that form.
 *
 * @module
 */
import { ownDefined, show } from "../kernel/arguments.ts";
import { INT_MAX } from "../kernel/constants.ts";

/**
 * Who a process is. It can be stored, as JSON or as a short text, and found again by {@linkcode Pidfd.reopen}, also after
 * a restart of your program. It names one process of one boot; `String(identity)` gives the text.
 */
export interface ProcessIdentity {
  /** The number that it had, in the pid namespace of whoever asked. */
  readonly pid: number;
  /** Its inode number in pidfs as decimal digits, which no other process of this boot gets. Linux 6.9. */
  readonly inode?: string | undefined;
  /** Before Linux 6.9 instead: when it was started, in hundredths of a second since boot. */
  readonly startTicks?: number | undefined;
  /** Together with `startTicks`: the inode number of the pid namespace that the pid counts in. */
  readonly pidNamespace?: number | undefined;
  /** The id of the boot. Absent only where util-linux's `PID:inode`, which has none, was parsed. */
  readonly boot?: string | undefined;
}

/** Gives an identity its text form as `String()` takes it, which JSON and a comparison of fields don't see. */
export function makeIdentity(fields: ProcessIdentity): ProcessIdentity {
  const text = format(ownDefined(fields, FIELDS));
  // A field that is absent stays absent, whatever some other package has put on Object.prototype.
  const absent = FIELDS.filter((name) => !Object.hasOwn(fields, name)).map((name) => [name, {}]);
  const hidden = Object.fromEntries([["toString", { value: () => text }], ...absent]);
  return Object.freeze(Object.defineProperties({ ...fields }, hidden));
}

const FIELDS = ["pid", "inode", "startTicks", "pidNamespace", "boot"] as const;

const FORM =
  /^(?<pid>[1-9]\d{0,9}):(?:(?<inode>[1-9]\d{0,19})(?:@(?<boot>[^/]+))?|t(?<ticks>\d{1,15})@(?<oldBoot>[^/]+)\/(?<namespace>[1-9]\d{0,9}))$/;

/**
 * Reads an identity from its text: `PID:INODE@BOOT`, util-linux's `PID:INODE`, or `PID:tTICKS@BOOT/NAMESPACE` as it is made
 * before Linux 6.9. A line end behind it is left out.
 *
 * @throws {TypeError} If `text` has none of these forms.
 *
 * @example There and back
 * ```ts
 * import { formatIdentity, parseIdentity, Pidfd } from "@x/pidfd";
 *
 * const handle = Pidfd.self();
 * const text = String(handle.identity());
 * console.log(parseIdentity(text).pid === handle.pid); // true
 * console.log(formatIdentity(JSON.parse(JSON.stringify(parseIdentity(text)))) === text); // true
 * handle.close();
 * ```
 */
export function parseIdentity(text: string): ProcessIdentity {
  return parseFor("parse an identity", text);
}

/**
 * The text of an identity, which {@linkcode parseIdentity} reads: also of one that has come from JSON, whose `String()` says
 * nothing.
 *
 * @throws {TypeError} If it is no identity.
 */
export function formatIdentity(identity: ProcessIdentity): string {
  return String(checkIdentity("format an identity", identity));
}

/** An identity from an object or from a text; nothing else. */
export function toIdentity(action: string, value: unknown): ProcessIdentity {
  if (typeof value === "string") return parseFor(action, value);
  return checkIdentity(action, value);
}

function parseFor(action: string, text: string): ProcessIdentity {
  // A command that prints an identity ends its line, and a file keeps that.
  const groups = typeof text === "string"
    ? FORM.exec(text.replace(/\r?\n$/, ""))?.groups
    : undefined;
  if (!groups) throw malformed(action, text);
  const { pid, inode, boot, ticks, oldBoot, namespace } = groups;
  const fields = inode === undefined
    ? { startTicks: Number(ticks), pidNamespace: Number(namespace), boot: oldBoot }
    : { inode, boot };
  return checkIdentity(action, { pid: Number(pid), ...fields }, text);
}

/** An object with the fields of an identity, each in its range. `shown` is what an error shows instead. */
function checkIdentity(action: string, value: unknown, shown = value): ProcessIdentity {
  if (typeof value !== "object" || value === null) throw malformed(action, shown);
  const { pid, inode, startTicks, pidNamespace, boot } = ownDefined(value, FIELDS);
  const isBoot = typeof boot === "string" && UUID.test(boot);
  if (!isWithin(pid, 1, INT_MAX)) throw malformed(action, shown);
  if (isInode(inode) && startTicks === undefined && (isBoot || boot === undefined)) {
    return makeIdentity(isBoot ? { pid, inode, boot } : { pid, inode });
  }
  const isWhole = isWithin(startTicks, 0, Number.MAX_SAFE_INTEGER) &&
    isWithin(pidNamespace, 1, 2 ** 32 - 1) && isBoot && inode === undefined;
  if (!isWhole) throw malformed(action, shown);
  return makeIdentity({ pid, startTicks, pidNamespace, boot });
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isWithin(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isInode(value: unknown): value is string {
  return typeof value === "string" && /^[1-9]\d{0,19}$/.test(value) && BigInt(value) < 2n ** 64n;
}

function malformed(action: string, value: unknown): TypeError {
  const wanted = "it must be a process's identity, such as PID:INODE@BOOT";
  return new TypeError(`Cannot ${action}: ${wanted}: ${fieldsOf(value)}`);
}

/** Its fields, where JSON has words for them: a bigint and a circle it refuses. */
function fieldsOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return show(value);
  try {
    return JSON.stringify(value);
  } catch {
    return show(value);
  }
}

function format({ pid, inode, startTicks, pidNamespace, boot }: Record<string, unknown>): string {
  if (inode === undefined) return `${pid}:t${startTicks}@${boot}/${pidNamespace}`;
  return boot === undefined ? `${pid}:${inode}` : `${pid}:${inode}@${boot}`;
}
