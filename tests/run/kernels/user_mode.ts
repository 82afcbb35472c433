/**
 * One program under qemu's user mode: the CPU is emulated, the system calls are translated for this
 * machine's kernel.
 */

/** Runs the library's own tests, and says what a machine's serial console would. */
export async function* runInUserMode(qemu: string, program: string): AsyncGenerator<string> {
  yield "@pidfd start|user mode";
  const started = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(qemu, {
    args: [program],
    stdin: "null",
    signal: AbortSignal.timeout(120_000),
  }).output();
  const decoder = new TextDecoder();
  for (const line of (decoder.decode(stdout) + decoder.decode(stderr)).split("\n")) {
    yield `| ${line}`;
  }
  yield `@pidfd result|Zig||${code}|0|${(performance.now() - started) / 1000}`;
  yield "@pidfd end";
}
