/** The types of the public API as a user's program sees them; compiled, never run. */
import { expectTypeOf } from "expect-type";
import {
  type ExitStatus,
  type Features,
  features,
  killTree,
  loadLibrary,
  overrideSyscallNumbers,
  Pidfd,
  type PidfdError,
  type PidfdOpenFailedError,
  type ProcessState,
  ProcessTree,
  sendMessage,
  type Signal,
  type SignalName,
  type SyscallNumbers,
  syscallNumbers,
  type Termination,
} from "../../mod.ts";

declare const handle: Pidfd;

expectTypeOf(Pidfd.open).toBeCallableWith(1);
expectTypeOf(Pidfd.open).returns.toEqualTypeOf<Pidfd>();
expectTypeOf(Pidfd.self).returns.toEqualTypeOf<Pidfd>();
expectTypeOf(Pidfd.supported).toEqualTypeOf<boolean>();
expectTypeOf(handle).toExtend<Disposable>();
expectTypeOf(handle.pid).toEqualTypeOf<number>();
expectTypeOf(handle.isAlive()).toEqualTypeOf<boolean>();
expectTypeOf(handle.state()).toEqualTypeOf<ProcessState>();
expectTypeOf<ProcessState>().toEqualTypeOf<"running" | "exited" | "reaped">();
expectTypeOf(handle.signal).returns.toEqualTypeOf<boolean>();
expectTypeOf(handle.status()).toEqualTypeOf<ExitStatus | null>();
expectTypeOf(handle.reap()).toEqualTypeOf<ExitStatus | null>();
expectTypeOf(handle.waitSync(1)).toEqualTypeOf<ExitStatus | null>();
expectTypeOf(handle.exited).toEqualTypeOf<Promise<void>>();
expectTypeOf(handle.wait({ timeoutMs: 1, signal: new AbortController().signal }))
  .toEqualTypeOf<Promise<ExitStatus>>();
expectTypeOf(handle.terminate({ graceMs: 1 })).toEqualTypeOf<Promise<Termination>>();
expectTypeOf(handle.ref()).toEqualTypeOf<Pidfd>();
expectTypeOf(handle.detach()).toEqualTypeOf<number>();

// What is given as undefined is left out, also where a program is checked by `exactOptionalPropertyTypes`.
Pidfd.of({ pid: undefined });
Pidfd.open(1, { thread: undefined });
handle.signal("SIGTERM", { scope: undefined, value: undefined });
expectTypeOf(handle.wait({ timeoutMs: undefined, signal: undefined }))
  .toEqualTypeOf<Promise<ExitStatus>>();
handle.terminate({
  killSignal: undefined,
  graceMs: undefined,
  statusMs: undefined,
  signal: undefined,
});
killTree(handle, {
  killSignal: undefined,
  graceMs: undefined,
  signal: undefined,
  freeze: undefined,
  includeRoot: undefined,
  includeSelf: undefined,
  reapAdopted: undefined,
  statusMs: undefined,
  onEnd: undefined,
  session: undefined,
  group: undefined,
  cgroup: undefined,
});
ProcessTree.of(handle, {}).signal("SIGTERM", { includeSelf: undefined });
sendMessage(1, { data: undefined, descriptors: undefined });
Pidfd.reopen({ pid: 1, inode: "1", startTicks: undefined, pidNamespace: undefined });

expectTypeOf<"SIGTERM">().toExtend<Signal>();
expectTypeOf<"TERM">().toExtend<Signal>();
expectTypeOf<"SIGRTMIN+3">().toExtend<Signal>();
expectTypeOf<"TREM">().not.toExtend<Signal>();
expectTypeOf(handle.signal()).toEqualTypeOf<boolean>();
expectTypeOf<ExitStatus["signal"]>().toEqualTypeOf<SignalName | null>();
expectTypeOf<ExitStatus["code"]>().toEqualTypeOf<number | null>();

declare const status: ExitStatus;
if (!status.known) expectTypeOf(status.success).toEqualTypeOf<false>();
else if (status.signal === null) expectTypeOf(status.code).toEqualTypeOf<number>();
else expectTypeOf(status.signal).toEqualTypeOf<SignalName>();

expectTypeOf(features()).toEqualTypeOf<Features>();
expectTypeOf(syscallNumbers()).toEqualTypeOf<SyscallNumbers>();
expectTypeOf(overrideSyscallNumbers).parameter(0).toEqualTypeOf<Partial<SyscallNumbers>>();
expectTypeOf(overrideSyscallNumbers).returns.toEqualTypeOf<Disposable>();
expectTypeOf(loadLibrary).parameters.toEqualTypeOf<[path: string]>();
expectTypeOf<PidfdOpenFailedError>().toExtend<PidfdError>();
expectTypeOf<PidfdError["code"]>().toEqualTypeOf<string>();
expectTypeOf<PidfdError["errno"]>().toEqualTypeOf<number>();

// What a program must not be able to write.
// @ts-expect-error: a pid is a number.
Pidfd.open("1");
// @ts-expect-error: no such signal.
handle.signal("SIGNOTHING");
// @ts-expect-error: a signal that is missing is no wish for SIGTERM.
handle.signal(undefined);
// @ts-expect-error: the same for a tree.
ProcessTree.of(1).signal(undefined);
// @ts-expect-error: it is for showing, and can't be set.
handle.pid = 1;
