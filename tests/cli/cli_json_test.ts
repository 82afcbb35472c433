import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Pidfd, processes } from "../../mod.ts";
import { pidfd } from "../support/cli.ts";
import { Helper, marked, paused } from "../support/processes.ts";

const [NOBODY, TOP] = ["2147483647", new URL("../../", import.meta.url)];
const { version } = JSON.parse(readFileSync(new URL("deno.json", TOP), "utf8"));
const guide = readFileSync(new URL("docs/command-line.md", TOP), "utf8");

/** The fields that the guide's table names for a command, in its order. */
function fieldsOf(command: string): string[] {
  const row = new RegExp(`^\\| \`${command}\` +\\| (.*) \\|$`, "m").exec(guide);
  assert.ok(row, command);
  return [...row[1].matchAll(/`(\w+)`/g)].map(([, field]) => field);
}

// deno-lint-ignore no-explicit-any
async function json(...args: string[]): Promise<any> {
  const { stdout, stderr } = await pidfd(...args, "--json");
  assert.equal(stderr, "", args.join(" "));
  return JSON.parse(stdout);
}

/** That it has these fields and no others. */
function assertFields(record: object, fields: string[], of: string): void {
  assert.deepEqual(Object.keys(record).sort(), fields.toSorted(), of);
}

// deno-lint-ignore no-explicit-any
async function assertAsInGuide(command: string, ...args: string[]): Promise<any> {
  const printed = await json(...command.split(" "), ...args);
  const [first] = [printed].flat();
  assertFields(first, fieldsOf(command), command);
  return printed;
}

test("pidfd --json prints of a process that runs what the guide says", async () => {
  const helper = await paused();
  const pid = String(helper.child.pid);
  for (const command of ["check", "tree"]) await assertAsInGuide(command, pid);
  await assertAsInGuide("signal", "-s", "0", pid);
  const waited = await json("wait", "--timeout", "0", pid);
  assertFields(waited[0], fieldsOf("wait").filter((field) => field !== "status"), "wait");
  const [identity] = await json("identity", pid);
  const parts = Pidfd.of(helper.child).identity();
  assert.deepEqual(identity, { ...parts, identity: String(parts) });
  assert.ok(fieldsOf("identity").every((field) => field === "inode" || field in identity));
  await helper.kill();
});

test("pidfd --json prints of a process that ends what the guide says", async () => {
  const parent = new Helper("zombie", "3");
  const waited = await assertAsInGuide("wait", "--timeout", "0", await parent.line());
  const status = ["known", "success", "code", "signal", "coreDumped"];
  assertFields(waited[0].status, status, "status");
  await parent.end();
  const [stopped, root] = await Promise.all([paused(), paused()]);
  const [plain] = await assertAsInGuide("stop", String(stopped.child.pid));
  const [report] = await assertAsInGuide("stop --tree", String(root.child.pid));
  assert.equal(report.pid, root.child.pid);
  for (const ms of [plain.durationMs, report.durationMs, report.ended[0].afterMs]) {
    assert.equal(ms, Number(ms.toFixed(3)), "to a microsecond");
  }
  await Promise.all([stopped.exit, root.exit]);
});

test("pidfd --json prints of those who are not there what the guide says", async () => {
  for (const command of ["check", "signal", "wait", "stop", "info", "identity"]) {
    assert.deepEqual(await json(command, NOBODY), [{ pid: Number(NOBODY), state: "gone" }]);
  }
  assert.deepEqual(await json("stop", "--tree", NOBODY), [{ pid: Number(NOBODY), state: "gone" }]);
  const { code, stdout } = await pidfd("tree", "--json", NOBODY);
  assert.deepEqual([code, stdout], [1, ""]);
});

test("pidfd orphans --json prints what the guide says", async () => {
  const { child, exit, variables: [variable] } = await marked();
  const before = processes().find(({ pid }) => pid === child.pid)!;
  const [found] = await json("orphans", "--env", variable);
  assert.equal(found.pid, child.pid);
  assertFields(found, [...Object.keys(before), ...fieldsOf("orphans")], "orphans");
  const [report] = await json("orphans", "--stop", "--env", variable);
  assertFields(report, fieldsOf("stop --tree"), "orphans --stop");
  assert.deepEqual(await exit, [null, "SIGTERM"]);
});

test("pidfd --json prints of the system what the guide says", async () => {
  assert.equal((await assertAsInGuide("doctor")).version, version);
  await assertAsInGuide("completions", "bash");
  const all = await assertAsInGuide("help");
  assert.deepEqual(
    await json("help", "stop"),
    all.filter((one: { command: string }) => one.command === "stop"),
  );
});

test("pidfd --version tells the version, alone, and so does pidfd version", async () => {
  for (const word of ["--version", "-V", "version"]) {
    assert.equal((await pidfd(word)).stdout, `pidfd ${version}\n`);
    const { code, stderr } = await pidfd(word, "1");
    assert.deepEqual([code, stderr.split("\n")[0]], [2, `pidfd: ${word} takes no arguments`]);
  }
});
