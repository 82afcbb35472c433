/** Processes of a proof: by a mark in their environment, or by their parent. */
import { readdirSync, readFileSync } from "node:fs";
import { Pidfd } from "../../mod.ts";
import { allPids } from "../../tests/support/proc.ts";

/** Those that carry the mark in their environment, or are about to: a zombie has none. */
export function marked(mark: string): number[] {
  return allPids().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
    } catch {
      return false;
    }
  });
}

/** Handles of the children of a process. */
export function childrenOf(pid: number): Pidfd[] {
  const lists = readdirSync(`/proc/${pid}/task`).map((thread) => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1");
    } catch {
      return ""; // The thread has ended.
    }
  });
  return lists.join(" ").split(" ").filter(Boolean).flatMap((child) => {
    try {
      return [Pidfd.open(Number(child))];
    } catch {
      return []; // It has ended.
    }
  });
}
