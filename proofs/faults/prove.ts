/**
 * Every public operation while a system call fails once, each call with each errno, on each
 * runtime: nothing hangs, nothing leaks, and what fails is an error of this library. Takes a
 * runtime's name.
 */
import { ERRNOS, type Fault, FAULTS } from "./faults.ts";
import { judge, type Verdict } from "./judge.ts";
import { onEachRuntime, type Runtime } from "../../scripts/runtimes.ts";

const helper = new URL("../../zig/zig-out/bin/helper", import.meta.url).pathname;

async function under({ way, call, errno }: Fault, { file }: Runtime): Promise<Verdict> {
  const program = [helper, way, call, String(errno), ...file, "proofs/faults/subject.ts"];
  const output = await new Deno.Command("timeout", {
    args: ["-k", "5", "120", ...program],
    env: { NO_COLOR: "1", NODE_NO_WARNINGS: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return judge(decoder.decode(output.stdout).trim(), decoder.decode(output.stderr).trim());
}

let violated = 0;
await onEachRuntime(Deno.args, async (runtime) => {
  for (const fault of FAULTS) {
    const { done, failed, violations } = await under(fault, runtime);
    violated += violations.length;
    const thread = fault.way === "fail-once" ? "main" : "watcher";
    const what = `${fault.call} ${ERRNOS[fault.errno]}`.padEnd(26);
    const shown = violations.length === 0 ? "holds" : violations.join("; ");
    const counts = `${done} done, ${failed} failed with an error of ours`;
    console.log(`${runtime.name.padEnd(8)} ${thread.padEnd(8)} ${what} ${counts}: ${shown}`);
  }
});
console.log(violated === 0 ? "every fault holds" : `${violated} violated`);
if (violated > 0) Deno.exit(1);
