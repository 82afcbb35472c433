/** Each kind of child that a program has is one for `Pidfd.of`; compiled, never run. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { killTree, Pidfd, ProcessTree } from "../../mod.ts";

declare const child: ChildProcess;
Pidfd.of(child);
Pidfd.of(spawn("true"));
Pidfd.of(fork("true.js"));
killTree(child);
ProcessTree.of(child);
