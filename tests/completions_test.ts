import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run, runtimeCommand, type ScriptResult } from "./support/processes.ts";

const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));

function completions(...args: string[]): Promise<ScriptResult> {
  const options = { permissions: ["--allow-ffi"], args: ["completions", ...args] };
  const [program, ...rest] = runtimeCommand(CLI, options);
  return run(program, rest);
}

async function script(shell: string): Promise<string> {
  const { code, stdout, stderr } = await completions(shell);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Why a shell can't be tested here, or false. */
async function lacks(shell: string): Promise<string | false> {
  const isThere = await run(shell, ["-c", "exit 0"]).then(({ code }) => code === 0, () => false);
  return isThere ? false : `${shell} is not installed`;
}

/** What bash offers for these words, the last of them unfinished. */
async function offered(...words: string[]): Promise<string[]> {
  const array = words.map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _pidfd
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await run("bash", ["-c", `${await script("bash")}\n${ask}`]);
  assert.equal(stderr, "");
  return stdout.split("\n").filter((word) => word !== "");
}

test("pidfd completions refuses a shell that it does not know", async () => {
  for (const args of [[], ["tcsh"], ["toString"], ["bash", "zsh"]]) {
    assert.equal((await completions(...args)).code, 2, args.join(" "));
  }
});

test("pidfd completions bash offers commands, options and signals", async () => {
  assert.deepEqual(await offered("pidfd", "ch"), ["check"]);
  assert.deepEqual(await offered("pidfd", "wait", "--t"), ["--timeout"]);
  assert.deepEqual(await offered("pidfd", "signal", "-s", "SIGUSR"), ["SIGUSR1", "SIGUSR2"]);
  assert.deepEqual(await offered("pidfd", "completions", "f"), ["fish"]);
  assert.deepEqual(await offered("pidfd", "wait", "--timeout", ""), []);
});

test("pidfd completions zsh is a script that zsh takes", { skip: await lacks("zsh") }, async () => {
  const { code, stderr } = await run("zsh", ["-f", "-n", "-c", await script("zsh")]);
  assert.deepEqual([code, stderr], [0, ""]);
});

test(
  "pidfd completions fish offers commands, options and signals",
  { skip: await lacks("fish") },
  async () => {
    const ask = `complete -C 'pidfd ch'; complete -C 'pidfd signal -s SIGUSR'`;
    const { stdout, stderr } = await run("fish", [
      "--no-config",
      "-c",
      `${await script("fish")}\n${ask}`,
    ]);
    assert.equal(stderr, "");
    assert.deepEqual(stdout.match(/^\w+/gm), ["check", "SIGUSR1", "SIGUSR2"]);
  },
);
