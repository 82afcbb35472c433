/**
 * Marks that a program leaves on what it starts, and that children inherit.
 *
 * @module
 */
import { readOptions, show } from "../kernel/arguments.ts";
import { EACCES, EPERM } from "../kernel/constants.ts";
import { check } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import type { Proc } from "../proc/scan.ts";

/** What those who are looked for have in common; where both are given, both hold. */
export interface OrphanMark {
  /** Variables with which each was executed, all of them, by name. At least one. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /**
   * The path of a cgroup (of the v2 hierarchy) that each is in, or in one below it, as
   * /proc/PID/cgroup shows it: "/app.slice/job-7". Not "/", which everybody is in.
   */
  readonly cgroup?: string | undefined;
}

/** What is looked for, as the library takes it. */
export type MarkRecords = readonly NativeRecord<"MarkRecord">[];

/** Checks a mark. */
export function toMarks(action: string, mark: OrphanMark): MarkRecords {
  const none = { environment: undefined, cgroup: undefined };
  const { environment, cgroup } = readOptions(action, mark, none, "mark");
  const marks = environment === undefined ? [] : entriesOf(action, environment);
  if (cgroup !== undefined) marks.push(cgroupMark(action, cgroup));
  if (marks.length > 0) return marks;
  throw new TypeError(`Cannot ${action}: the mark has neither "environment" nor "cgroup"`);
}

function entriesOf(action: string, environment: unknown): NativeRecord<"MarkRecord">[] {
  if (typeof environment !== "object" || environment === null) {
    const wanted = `"environment" must be an object of variables`;
    throw new TypeError(`Cannot ${action}: ${wanted}: ${show(environment)}`);
  }
  const entries = Object.entries(environment);
  if (entries.length === 0) throw new TypeError(`Cannot ${action}: "environment" has no variable`);
  return entries.map(([name, value]) => {
    const isName = name !== "" && !/[=\0]/.test(name) && name.isWellFormed();
    if (!isName) throw new TypeError(`Cannot ${action}: no variable has this name: ${show(name)}`);
    if (typeof value !== "string" || value.includes("\0") || !value.isWellFormed()) {
      const wanted = `the variable ${show(name)} must be a string without zeros`;
      throw new TypeError(`Cannot ${action}: ${wanted}: ${show(value)}`);
    }
    return markRecord(action, "environment", `${name}=${value}`);
  });
}

function cgroupMark(action: string, cgroup: unknown): NativeRecord<"MarkRecord"> {
  const isPath = typeof cgroup === "string" && /^(\/[^/\n\0]+)+\/?$/.test(cgroup) &&
    cgroup.isWellFormed();
  if (!isPath) {
    const wanted = `"cgroup" must be the path of a cgroup below the root`;
    throw new TypeError(`Cannot ${action}: ${wanted}: ${show(cgroup)}`);
  }
  return markRecord(action, "cgroup", `0::${cgroup.replace(/\/$/, "")}`);
}

const MOST_BYTES = 4096;

function markRecord(
  action: string,
  kind: keyof OrphanMark,
  text: string,
): NativeRecord<"MarkRecord"> {
  const { length } = new TextEncoder().encode(text);
  if (length > MOST_BYTES) {
    throw new RangeError(
      `Cannot ${action}: "${kind}" must have at most ${MOST_BYTES} bytes: ${length}`,
    );
  }
  const mark = new NativeRecord("MarkRecord");
  mark.set("is_cgroup", Number(kind === "cgroup"));
  mark.setText("bytes", text, "length");
  return mark;
}

/** Whether the process that has this number now has all marks; null where it may not be read. */
export function hasMarks(proc: Proc, pid: number, marks: MarkRecords): boolean | null {
  for (const mark of marks) {
    const result = native().proc_has(proc.fd, pid, mark.bytes);
    if (result === EACCES || result === EPERM) return null;
    if (check(result, "open", pid) === 0) return false;
  }
  return true;
}
