/** What a program has of Node's, its children and its signals, fits here; compiled, never run. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { expectTypeOf } from "expect-type";
import {
  killTree,
  Pidfd,
  ProcessTree,
  type RealTimeSignal,
  type Signal,
  type SignalName,
} from "../../mod.ts";

declare const child: ChildProcess;
Pidfd.of(child);
Pidfd.of(spawn("true"));
Pidfd.of(fork("true.js"));
killTree(child);
ProcessTree.of(child);

// What a runtime hands over can be forwarded; and what this module says fits there, but for the names that Node does not know.
expectTypeOf<NodeJS.Signals>().toExtend<Signal>();
expectTypeOf<Exclude<SignalName, `SIG${RealTimeSignal}` | "SIGCLD">>().toExtend<NodeJS.Signals>();
process.on("SIGTERM", (signal) => Pidfd.self().signal(signal));
process.on("SIGTERM", (signal) => ProcessTree.of(1).signal(signal, { includeSelf: true }));
process.on("SIGTERM", (killSignal) => Pidfd.self().terminate({ killSignal }));
process.on("SIGTERM", (killSignal) => killTree(child, { killSignal }));
