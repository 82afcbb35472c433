/**
 * So many `cat` at once, with three streams each, each of which answers; by this library and by
 * `node:child_process`: what each takes, and what is left of them.
 */
import { spawn as spawnByNode } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { spawn } from "../../mod.ts";
import { resident } from "../../tests/support/flow.ts";
import { childrenOfThis, countDescriptors } from "../../tests/support/descriptors.ts";

interface Cat {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly end: Promise<unknown>;
}

const count = Number(process.argv.at(-1));

function ours(): Cat {
  const child = spawn("cat", [], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, end: child.status };
}

function nodes(): Cat {
  const child = spawnByNode("cat");
  return { ...pick(child), end: once(child, "exit") };
}

const pick = ({ stdin, stdout, stderr }: ReturnType<typeof spawnByNode>) => ({
  stdin,
  stdout,
  stderr,
});

/** Whether it answers with what it was given, and has no more to say. */
async function answers({ stdin, stdout, stderr, end }: Cat, word: string): Promise<boolean> {
  let answer = "";
  let complaint = "";
  stdout!.on("data", (bytes) => answer += bytes);
  stderr!.on("data", (bytes) => complaint += bytes);
  stdin!.end(word);
  await Promise.all([once(stdout!, "close"), once(stderr!, "close"), end]);
  return answer === word && complaint === "";
}

async function run(name: string, start: () => Cat): Promise<boolean> {
  await answers(start(), "first");
  const before = { descriptors: countDescriptors(), children: childrenOfThis().length };
  const memory = resident();
  const begin = performance.now();
  const cats = Array.from({ length: count }, start);
  const started = performance.now() - begin;
  const each = (resident() - memory) / count / 1024;
  const right = await Promise.all(cats.map((cat, index) => answers(cat, `cat ${index}`)));
  const total = performance.now() - begin;
  await setTimeout(100);
  const descriptors = countDescriptors() - before.descriptors;
  const children = childrenOfThis().length - before.children;
  const wrong = right.filter((isRight) => !isRight).length;
  console.log(
    `  ${name}: started in ${started.toFixed(0)} ms, ${each.toFixed(0)} KiB each, all answered ` +
      `after ${total.toFixed(0)} ms; ${wrong} wrong, ${children} left, ${descriptors} descriptors`,
  );
  return wrong === 0 && children === 0 && descriptors <= 2;
}

const isRight = await run("spawn()", ours);
await run("child_process", nodes);
process.exitCode = isRight ? 0 : 1;
