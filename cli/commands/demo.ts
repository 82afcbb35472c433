/** `pidfd demo`: real processes that show what a handle keeps and a number loses. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Pidfd } from "../../mod.ts";
import type { Command } from "../command.ts";
import { EXIT_ERROR, EXIT_OK, UsageError } from "../exit.ts";
import { complain, print } from "../output.ts";

interface Step {
  what: string;
  result: unknown;
}

/** Only a child that is not reaped may be killed by its number; the runtime knows which one is. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

/**
 * Starts processes until one gets this pid, with the kernel's counter set just before it where we
 * may do that (as root). The one that gets it is ended by the shell that started it, when its input
 * ends.
 */
async function occupy(pid: number): Promise<ChildProcess | null> {
  const script = `echo ${pid - 1} > /proc/sys/kernel/ns_last_pid || exit 1
sleep 1000 & echo $!; read end; kill -9 $!; wait $! 2>/dev/null`;
  const shell = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  const exit = once(shell, "exit").then(() => null);
  const first = await Promise.race([once(shell.stdout!, "data"), exit]);
  if (first && Number(String(first[0])) === pid) return shell;
  shell.stdin!.end();
  await exit;
  return null;
}

async function play(show: (step: Step) => void): Promise<void> {
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  const exit = once(child, "exit");
  const handle = Pidfd.of(child);
  const { pid } = handle;
  try {
    show({
      what: `a process was started, its pid is ${pid}; the handle says`,
      result: handle.state(),
    });
    show({ what: 'handle.signal("SIGTERM")', result: handle.signal("SIGTERM") });
    const status = handle.waitSync();
    show({ what: "it ended, and is a zombie until its parent reaps it", result: handle.state() });
    show({ what: "how it ended", result: status?.signal });
    show({
      what: `process.kill(${pid}, 0), by the bare number, thinks it runs`,
      result: knock(pid),
    });
    show({ what: 'handle.signal("SIGTERM") knows better', result: handle.signal("SIGTERM") });
    await exit;
    show({ what: "the runtime has reaped it; the number is free", result: handle.state() });
    await meetStranger(handle, show);
  } finally {
    await end(child);
    handle.close();
  }
}

async function meetStranger(handle: Pidfd, show: (step: Step) => void): Promise<void> {
  const { pid } = handle;
  const stranger = await occupy(pid);
  if (!stranger) {
    const why = "giving the number to a stranger at once needs root; without, it only takes longer";
    show({ what: why, result: null });
    show({ what: 'handle.signal("SIGKILL") hits nobody', result: handle.signal("SIGKILL") });
    return;
  }
  const exit = once(stranger, "exit");
  show({
    what: `the kernel gave ${pid} to a stranger; process.kill(${pid}, 0) reaches it`,
    result: knock(pid),
  });
  show({ what: 'handle.signal("SIGKILL") hits nobody', result: handle.signal("SIGKILL") });
  const other = Pidfd.open(pid);
  show({ what: "the stranger is alive", result: other.isAlive() });
  other.close();
  stranger.stdin!.end();
  await exit;
}

/** What a program sees that has nothing but the number. Signal 0 changes nothing. */
function knock(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The command. */
export const demo: Command = {
  summary: "show what a handle keeps and a number loses",
  usage: "",
  help: `It starts a few processes and ends them. As root it also has a pid reused by a
stranger. On Deno it needs --allow-run and --allow-env too.`,
  options: {},
  async run(args, { json }) {
    if (args.length > 0) throw new UsageError("demo takes no arguments");
    if (!Pidfd.supported) {
      complain("pidfd: process handles don't work here; `pidfd doctor` says why");
      return EXIT_ERROR;
    }
    const steps: Step[] = [];
    await play((step) => {
      steps.push(step);
      const result = step.result === null ? "" : `: ${step.result}`;
      if (!json) print(`${String(steps.length).padStart(2)}. ${step.what}${result}`);
    });
    if (json) print(JSON.stringify(steps, null, 2));
    return EXIT_OK;
  },
};
