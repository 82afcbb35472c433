/**
 * A virtual machine under software emulation: boots, hands out what its serial console says, and is
 * ended in time.
 */
import { TextLineStream } from "./lines.ts";

/** What is booted, and how. */
export interface Machine {
  qemu: string[];
  console: string;
  kernel: string;
  /** Made when it is needed: one is as large as the runtimes are. */
  initrd: () => string;
  limitMs: number;
}

/** A machine that has not come as far as our own first line by then never will. */
const START_LIMIT_MS = 300_000;

/** The lines of the serial console, until the machine turns itself off or its time is up. */
export async function* boot(machine: Machine): AsyncGenerator<string> {
  const [program, ...own] = machine.qemu;
  const initrd = machine.initrd();
  const append = `console=${machine.console} quiet loglevel=1 panic=-1 random.trust_cpu=on`;
  const child = new Deno.Command(program, {
    args: [
      ...["-smp", "2", "-m", "4096", "-nographic", "-no-reboot", "-nic", "none"],
      ...own,
      ...["-kernel", machine.kernel, "-initrd", initrd, "-append", append],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const timer = setTimeout(() => end(child), machine.limitMs);
  const silence = setTimeout(() => end(child), START_LIMIT_MS);
  try {
    const text = child.stdout.pipeThrough(new TextDecoderStream());
    for await (const line of text.pipeThrough(new TextLineStream())) {
      if (line.startsWith("@pidfd start")) clearTimeout(silence);
      yield line;
    }
  } finally {
    clearTimeout(timer);
    clearTimeout(silence);
    end(child);
    await child.status;
    Deno.removeSync(initrd);
  }
}

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has turned itself off.
    if (!(error instanceof TypeError)) throw error;
  }
}
