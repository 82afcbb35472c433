/**
 * The oldest version of each runtime that has what this needs.
 *
 * @module
 */
import { runtime } from "./runtime.ts";

/** As package.json and the README have them, and as the tests run them. */
export const OLDEST = { Deno: "2.7.13", Bun: "1.2.23", Node: "22.12.0" } as const;

const ENOSYS = 38;

function thisRuntime(): [name: keyof typeof OLDEST, version: string] {
  if (runtime.Deno) return ["Deno", runtime.Deno.version.deno];
  return runtime.Bun ? ["Bun", runtime.Bun.version] : ["Node", runtime.process.version.slice(1)];
}

/** The error where something is missing that every later version has. */
export function tooOld(cause?: unknown): Error {
  const [name, version] = thisRuntime();
  const error = new Error(`needs ${name} ${OLDEST[name]} or later: this is ${version}`, { cause });
  return Object.assign(error, { errno: -ENOSYS });
}
