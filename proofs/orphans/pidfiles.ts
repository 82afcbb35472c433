/**
 * Programs write one pid file at the same moment: exactly one of them must own it, and the others
 * must hear its pid. The owner then removes it or is killed, and one of the others may be killed
 * while it writes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { runtimeCommand } from "../../tests/support/processes.ts";

const COUNT = Number(process.argv[2] ?? 1000);
const WRITERS = 4;
const FIXTURE = fileURLToPath(new URL("../../tests/fixtures/pid_file.ts", import.meta.url));
const folder = mkdtempSync(`${tmpdir()}/pidfd-pidfiles-`);
const path = `${folder}/pid`;

interface Writer {
  child: ChildProcess;
  lines: AsyncIterator<string>;
}

async function start(): Promise<Writer> {
  const [program, ...args] = runtimeCommand(FIXTURE, { args: [path] });
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin!.on("error", () => {}); // It is killed at any moment.
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  await lines.next();
  return { child, lines };
}

/** Undefined from one that is killed before it answers. */
async function ask({ child, lines }: Writer, command: string): Promise<string | undefined> {
  child.stdin!.write(`${command}\n`);
  return (await lines.next()).value;
}

async function kill({ child }: Writer): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

/** Whether exactly one of those that live owns the file, and the others know it. */
async function isOwnedByOne(writers: Writer[], answers: (string | undefined)[]): Promise<boolean> {
  let owners = writers.filter((_, index) => answers[index] === "owner");
  // The one that was killed may have owned it for a moment.
  if (owners.length === 0) {
    answers = await Promise.all(writers.map((writer) => ask(writer, "write")));
    owners = writers.filter((_, index) => answers[index] === "owner");
  }
  if (owners.length !== 1) return false;
  const others = await Promise.all(
    writers.filter((writer) => writer !== owners[0]).map((writer) => ask(writer, "write")),
  );
  return others.every((other) => other === `EEXIST ${owners[0].child.pid}`);
}

const writers = await Promise.all(Array.from({ length: WRITERS }, start));
let right = 0;
let killed = 0;
for (let count = 0; count < COUNT; count++) {
  const asked = writers.map((writer) => ask(writer, "write"));
  const isKilling = count % 5 === 0;
  if (isKilling) {
    killed++;
    await kill(writers[0]);
    const answers = await Promise.all(asked.slice(1));
    if (await isOwnedByOne(writers.slice(1), answers)) right++;
    writers[0] = await start();
  } else if (await isOwnedByOne(writers, await Promise.all(asked))) right++;
  const removed = await Promise.all(writers.map((writer) => ask(writer, "remove")));
  if (removed.filter((answer) => answer === "true").length !== 1) right--;
}
await Promise.all(writers.map(kill));
rmSync(folder, { recursive: true });
console.log(`  ${right} of ${COUNT} rounds with one owner; ${killed} writers were killed`);
process.exitCode = right === COUNT ? 0 : 1;
