/** Exit statuses as tests expect them. */
import type { ExitStatus, KilledStatus } from "../../mod.ts";

/** Nobody told. */
export const UNKNOWN: ExitStatus = {
  known: false,
  success: false,
  code: null,
  signal: null,
  coreDumped: false,
};

export function exitedWith(code: number): ExitStatus {
  return { known: true, success: code === 0, code, signal: null, coreDumped: false };
}

export function killedBy(signal: KilledStatus["signal"], coreDumped = false): ExitStatus {
  return { known: true, success: false, code: null, signal, coreDumped };
}

/**
 * The status without what the child used up, which is told or not by the chance of who looks first.
 */
export function ending(status: ExitStatus | null): ExitStatus | null {
  if (status === null) return null;
  const { resourceUsage: _, ...rest } = status;
  return rest;
}
