import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Pidfd, processes } from "../../mod.ts";
import { pidfd, pidfdEach } from "../support/cli.ts";
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

// deno-lint-ignore no-explicit-any
async function jsonOfEach(...lines: string[][]): Promise<any[]> {
  const said = await pidfdEach(...lines.map((args) => [...args, "--json"]));
  assert.deepEqual(said.map(({ stderr }) => stderr), lines.map(() => ""));
  return said.map(({ stdout }) => JSON.parse(stdout));
}

/** That it has these fields and no others. */
function assertFields(record: object, fields: string[], of: string): void {
  assert.deepEqual(Object.keys(record).sort(), fields.toSorted(), of);
}

/** That what a command printed, or the first of it, has the fields that the guide names. */
function assertAsInGuide(printed: object | object[], command: string): void {
  assertFields([printed].flat()[0], fieldsOf(command), command);
}

test("pidfd --json prints of a process that runs what the guide says", async () => {
  const helper = await paused();
  const pid = String(helper.child.pid);
  const [checked, tree, sent, [waited], [identity]] = await jsonOfEach(
    ["check", pid],
    ["tree", pid],
    ["signal", "-s", "0", pid],
    ["wait", "--timeout", "0", pid],
    ["identity", pid],
  );
  assertAsInGuide(checked, "check");
  assertAsInGuide(tree, "tree");
  assertAsInGuide(sent, "signal");
  assertFields(waited, fieldsOf("wait").filter((field) => field !== "status"), "wait");
  const parts = Pidfd.of(helper.child).identity();
  assert.deepEqual(identity, { ...parts, identity: String(parts) });
  assert.ok(fieldsOf("identity").every((field) => field === "inode" || field in identity));
  await helper.kill();
});

test("pidfd --json prints of a process that ends what the guide says", async () => {
  const parent = new Helper("zombie", "3");
  const waited = await json("wait", "--timeout", "0", await parent.line());
  assertAsInGuide(waited, "wait");
  const status = ["known", "success", "code", "signal", "coreDumped"];
  assertFields(waited[0].status, status, "status");
  await parent.end();
  const [stopped, root] = await Promise.all([paused(), paused()]);
  const [plain] = await json("stop", String(stopped.child.pid));
  assertAsInGuide(plain, "stop");
  const [report] = await json("stop", "--tree", String(root.child.pid));
  assertAsInGuide(report, "stop --tree");
  assert.equal(report.pid, root.child.pid);
  for (const ms of [plain.durationMs, report.durationMs, report.ended[0].afterMs]) {
    assert.equal(ms, Number(ms.toFixed(3)), "to a microsecond");
  }
  await Promise.all([stopped.exit, root.exit]);
});

test("pidfd --json prints of those who are not there what the guide says", async () => {
  const commands = ["check", "signal", "wait", "stop", "info", "identity"].map((name) => [name]);
  commands.push(["stop", "--tree"]);
  for (const printed of await jsonOfEach(...commands.map((words) => [...words, NOBODY]))) {
    assert.deepEqual(printed, [{ pid: Number(NOBODY), state: "gone" }]);
  }
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
  const [doctor, completions, all, stop] = await jsonOfEach(
    ["doctor"],
    ["completions", "bash"],
    ["help"],
    ["help", "stop"],
  );
  assertAsInGuide(doctor, "doctor");
  assert.equal(doctor.version, version);
  assertAsInGuide(completions, "completions");
  assertAsInGuide(all, "help");
  assert.deepEqual(stop, all.filter((one: { command: string }) => one.command === "stop"));
});

test("pidfd --version tells the version, alone, and so does pidfd version", async () => {
  const words = ["--version", "-V", "version"];
  const said = await pidfdEach(...words.flatMap((word) => [[word], [word, "1"]]));
  for (const [index, word] of words.entries()) {
    const [{ stdout }, { code, stderr }] = said.slice(2 * index);
    assert.equal(stdout, `pidfd ${version}\n`);
    assert.deepEqual([code, stderr.split("\n")[0]], [2, `pidfd: ${word} takes no arguments`]);
  }
});
