import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { features, Pidfd, ProcessTree } from "../../mod.ts";
import { pidfd, pidfdCommand, pidfdEach } from "../support/cli.ts";
import { HELPER, Helper, paused } from "../support/processes.ts";
import { grow, statFields } from "../support/trees.ts";

test("pidfd --help and each command's --help explain themselves", async () => {
  for (const { code, stdout } of await pidfdEach(["--help"], ["-h"], ["help"])) {
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: pidfd COMMAND/);
  }
  const commands = ["check", "run", "signal", "wait", "stop", "doctor", "demo", "completions"];
  const helps = await pidfdEach(...commands.map((command) => [command, "--help"]));
  const same = await pidfdEach(...commands.map((command) => ["help", command]));
  for (const [index, command] of commands.entries()) {
    const { code, stdout } = helps[index];
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Usage: pidfd ${command}( |\n)`));
    assert.equal(same[index].stdout, stdout);
  }
});

test("pidfd refuses wrong usage with exit code 2 and one line that says why", async () => {
  const wrong = [
    [],
    ["nonsense"],
    ["toString"],
    ["check"],
    ["check", "0"],
    ["check", "-1"],
    ["check", "1.5"],
    ["check", "0x10"],
    ["check", "2147483648"],
    ["check", "--nonsense", "1"],
    ["signal", "-s", "TREM", "1"],
    ["signal", "-s", "65", "1"],
    ["signal", "-s", ""],
    ["wait", "--timeout", "soon", "1"],
    ["wait", "--timeout", "-1", "1"],
    ["wait", "--pass", "1", "2"],
    ["wait", "--pass", "--any", "1"],
    ["stop"],
    ["stop", "--grace", "soon", "1"],
    ["stop", "-s", "TREM", "1"],
    ["stop", "--no-freeze", "1"],
    ["stop", "--tree"],
    ["tree"],
    ["tree", "1", "2"],
    ["tree", "--watch", "--json", "1"],
    ["doctor", "1"],
  ];
  for (const [index, { code, stdout, stderr }] of (await pidfdEach(...wrong)).entries()) {
    assert.equal(code, 2, wrong[index].join(" "));
    assert.equal(stdout, "");
    assert.notEqual(stderr, "");
  }
});

test("pidfd check says who runs", async () => {
  const helper = await paused();
  const running = await pidfd("check", String(helper.child.pid));
  assert.equal(running.code, 0, running.stderr);
  assert.equal(running.stdout, `${helper.child.pid}: running\n`);
  const mixed = await pidfd("check", "--json", String(helper.child.pid), "2147483647");
  assert.equal(mixed.code, 1);
  assert.deepEqual(JSON.parse(mixed.stdout), [
    { pid: helper.child.pid, state: "running" },
    { pid: 2147483647, state: "gone" },
  ]);
  await helper.kill();
  const zombie = new Helper("zombie", "1");
  const ended = await pidfd("check", await zombie.line());
  assert.equal(ended.code, 1);
  assert.match(ended.stdout, /zombie/);
  await zombie.end();
});

test("pidfd signal sends what is asked, and tells who had ended", async () => {
  const helper = await paused();
  const pid = String(helper.child.pid);
  const asked = await pidfd("signal", "-s", "0", pid);
  assert.deepEqual([asked.code, asked.stdout], [0, `${pid}: sent 0\n`]);
  const sent = await pidfd("signal", "--json", "--signal", "USR1", pid);
  assert.equal(sent.code, 0, sent.stderr);
  assert.deepEqual(JSON.parse(sent.stdout), [{
    pid: helper.child.pid,
    signal: "SIGUSR1",
    sent: true,
  }]);
  assert.deepEqual(await helper.exit, [null, "SIGUSR1"]);
  const gone = await pidfd("signal", "2147483647");
  assert.deepEqual([gone.code, gone.stdout], [1, "2147483647: no such process\n"]);
});

test("pidfd doctor shows every ability", async () => {
  const people = await pidfd("doctor");
  assert.equal(people.code, 0, people.stderr);
  for (const name of Object.keys(features())) assert.ok(people.stdout.includes(name));
  const programs = JSON.parse((await pidfd("doctor", "--json")).stdout);
  assert.equal(programs.supported, true);
  assert.deepEqual(programs.features, features());
  assert.equal(programs.numbers.pidfd_open, 434);
});

test("pidfd demo hits nobody, and leaves nothing behind", async () => {
  const { code, stdout, stderr } = await pidfd("demo", "--json");
  assert.equal(code, 0, stderr);
  const steps: { what: string; result: unknown }[] = JSON.parse(stdout);
  const hits = steps.filter(({ what }) => what.includes("hits nobody"));
  assert.deepEqual(hits.map(({ result }) => result), [false]);
  const stranger = steps.find(({ what }) => what === "the stranger is alive");
  if (stranger) assert.equal(stranger.result, true);
  else assert.ok(steps.some(({ what }) => what.includes("needs root")));
});

test("pidfd tree draws a process and its descendants, for people and for programs", async () => {
  const { helper, root } = await grow("binary", 7);
  const people = await pidfd("tree", String(root));
  assert.equal(people.code, 0, people.stderr);
  const shape = people.stdout.trimEnd().split("\n").map((line) => line.replace(/\d+/, "PID"));
  assert.deepEqual(shape, [
    "PID helper tree binary 7",
    "├─ PID helper tree binary 7",
    "│  ├─ PID helper tree binary 7",
    "│  └─ PID helper tree binary 7",
    "└─ PID helper tree binary 7",
    "   ├─ PID helper tree binary 7",
    "   └─ PID helper tree binary 7",
  ]);
  const programs = await pidfd("tree", "--json", String(root));
  const tree = JSON.parse(programs.stdout);
  assert.deepEqual([tree.pid, tree.name, tree.children.length], [root, "helper", 2]);
  assert.deepEqual(tree.commandLine, [HELPER, "tree", "binary", "7"]);
  assert.equal((await pidfd("tree", "2147483647")).code, 1);
  await helper.end();
});

test("pidfd tree draws arguments as a shell takes them, and control characters harmlessly", async () => {
  const helper = new Helper("pause", "", "two words", "it's", "\x1b[31m\n");
  await helper.line();
  const { stdout } = await pidfd("tree", String(helper.child.pid));
  const words = "'' 'two words' 'it'\\''s' '\ufffd[31m\ufffd'";
  assert.equal(stdout, `${helper.child.pid} helper pause ${words}\n`);
  await helper.kill();
});

test("pidfd tree draws what is stopped, and the name of what has no arguments", async () => {
  const { helper, root } = await grow("deep", 1, "odd-name", "stop");
  let drawn = "";
  while (!drawn.includes("stopped")) drawn = (await pidfd("tree", String(root))).stdout;
  assert.equal(drawn, `${root} helper tree deep 1 odd-name stop (stopped)\n`);
  await helper.end();
  const parent = new Helper("zombie", "1");
  const zombie = Number(await parent.line());
  assert.equal((await pidfd("tree", String(zombie))).stdout, `${zombie} helper (exited)\n`);
  await parent.end();
});

test("pidfd tree --watch draws until the process has ended", async () => {
  const { helper, root } = await grow("wide", 3);
  const [program, ...args] = pidfdCommand("tree", "--watch", String(root));
  const watching = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(watching, "close");
  let shown = "";
  watching.stdout.on("data", (chunk) => shown += chunk);
  await once(watching.stdout, "data");
  const handle = Pidfd.open(root);
  handle.signal("SIGKILL");
  handle.close();
  assert.deepEqual(await closed, [0, null]);
  assert.ok(shown.startsWith(`${root} helper tree wide 3\n`), shown);
  assert.ok(shown.endsWith(`${root} exited\n`), shown);
  await helper.end();
});

test("pidfd tree --watch ends when nobody reads any more", async () => {
  const { helper, root } = await grow("wide", 3);
  const [program, ...args] = pidfdCommand("tree", "--watch", String(root));
  const watching = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(watching, "exit");
  await once(watching.stdout, "data");
  watching.stdout.destroy();
  assert.deepEqual(await exit, [0, null]);
  await helper.end();
});

test("pidfd stop --tree does all of it also when nobody reads", async () => {
  const { helper, root } = await grow("wide", 7);
  const tree = ProcessTree.of(root);
  const [program, ...args] = pidfdCommand("stop", "--tree", String(root));
  const stopping = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(stopping, "exit");
  stopping.stdout.destroy();
  assert.deepEqual(await exit, [0, null]);
  assert.ok([...tree].every(({ handle }) => !handle.isAlive()));
  tree.close();
  await helper.end();
});

test("pidfd stop --tree lets a frozen tree go on when it is interrupted", async () => {
  // One of them can't be stopped, so that the others are for the sixtieth of a second that is given
  // to it.
  const { helper, root } = await grow("unstoppable", 4, "ignore");
  const tree = ProcessTree.of(root);
  const words = ["stop", "--tree", "--grace", "60000", String(root)];
  const [program, ...args] = pidfdCommand(...words);
  const stopping = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  // Deno's own event makes a signal of the exit code 130.
  const handle = Pidfd.of(stopping);
  const isFrozen = () => statFields(root)?.[0] === "T";
  // A slow machine needs seconds to begin; one that is busy as well may miss the moment, and
  // interrupts it later.
  const end = performance.now() + 20_000;
  while (!isFrozen() && performance.now() < end) await new Promise((next) => setImmediate(next));
  stopping.kill("SIGINT");
  assert.equal((await handle.wait()).code, 130);
  handle.close();
  for (const { pid } of tree) assert.notEqual(statFields(pid)?.[0], "T", String(pid));
  assert.ok([...tree].every(({ handle }) => handle.isAlive()));
  tree.close();
  await helper.end();
});

test("pidfd stop --tree ends a tree, tells of each end, and sums up", async () => {
  const { helper, root } = await grow("binary", 7);
  const { code, stdout, stderr } = await pidfd("stop", "--tree", String(root));
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, 8);
  assert.match(lines[7], new RegExp(`^${root}: 7 ended in \\d+ ms$`));
  await helper.end();
});

test("pidfd stop --tree forces what ignores it, and says so to programs", async () => {
  const { helper, root } = await grow("wide", 3, "ignore");
  const args = [
    "stop",
    "--tree",
    "--grace",
    "10",
    "--json",
    String(root),
    "2147483647",
  ];
  const { code, stdout, stderr } = await pidfd(...args);
  assert.equal(code, 4, stderr);
  const [tree, gone] = JSON.parse(stdout);
  assert.equal(tree.ended.length, 3);
  assert.ok(tree.ended.every(({ forced }: { forced: boolean }) => forced));
  assert.deepEqual(tree.escaped, []);
  assert.equal(gone.state, "gone");
  await helper.end();
});
