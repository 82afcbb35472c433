/**
 * `treeKill(pid, signal, callback)`, with the arguments and the callback of the npm package
 * tree-kill, but by handles: no `ps`, no number that may have become a stranger's, and the callback
 * comes once the process has ended; after SIGKILL, once its descendants have ended too.
 *
 * @example In the place of tree-kill
 * ```ts
 * import { spawn } from "node:child_process";
 * import treeKill from "@x/pidfd/tree-kill";
 *
 * const child = spawn("sleep", ["1000"]);
 * treeKill(child.pid!, "SIGKILL", (error) => console.log(error)); // undefined
 * ```
 *
 * @module
 */
export {
  isRunning,
  treeKill,
  treeKill as default,
  type TreeKillCallback,
  type TreeKillFallback,
  type TreeKillFunction,
  withFallback,
} from "./src/compat/tree_kill.ts";
