/**
 * How often the threads of a program that follows its parent wake up in a minute, beside the same
 * program that does not follow: what a runtime does by itself is not the library's.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runtimeCommand } from "../../tests/support/processes.ts";

const SECONDS = Number(process.argv[2] ?? 60);
const FIXTURE = fileURLToPath(
  new URL("../../tests/fixtures/exit_with_parent.ts", import.meta.url),
);

/** The watcher's thread sleeps in epoll_pwait(2), where it has switched once for each wake-up. */
function wakeUps(pid: number): Map<string, number> {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return new Map(tasks.map((task) => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, "latin1");
    return [task, Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)![1])];
  }));
}

async function measure(how: string): Promise<number[]> {
  const [program, ...args] = runtimeCommand(FIXTURE, { args: [how, "7"] });
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  await setTimeout(2000);
  const before = wakeUps(child.pid!);
  await setTimeout(SECONDS * 1000);
  const after = wakeUps(child.pid!);
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  return [...after].map(([task, count]) => count - (before.get(task) ?? 0));
}

const [follows, control] = await Promise.all([measure("follow"), measure("disposed")]);
const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
const [own, runtimes] = [sum(follows), sum(control)];
console.log(`  ${own} wake-ups in ${SECONDS} s, ${runtimes} of them without following`);
// A runtime's own timers come or do not come within the time.
process.exitCode = own <= runtimes + 3 ? 0 : 1;
