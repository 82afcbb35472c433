import assert from "node:assert/strict";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { spawn, type SpawnOptions } from "../../mod.ts";
import { runtimeCommand } from "../support/processes.ts";

const folder = mkdtempSync(`${tmpdir()}/pidfd-spawn-`);
after(() => rmSync(folder, { recursive: true }));

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** What a shell has open, by number, without what `ls` opens for itself. */
async function opened(options: SpawnOptions): Promise<Record<string, string>> {
  const script = "ls -l /proc/$$/fd; :";
  const { stdout } = await spawn("sh", ["-c", script], { ...options, stdout: "pipe" }).output();
  const links = [...text(stdout).matchAll(/ (\d+) -> (.*)$/gm)];
  return Object.fromEntries(links.map(([, fd, target]) => [fd, target.replace(/\d+/, "N")]));
}

test("the child has exactly the descriptors that were asked for", async () => {
  // Open, and not close-on-exec: others may leak into a child, these may not.
  const leaks = [openSync("/dev/zero", "r"), openSync("/dev/zero", "r")];
  try {
    assert.deepEqual(await opened({ stdin: "null", stderr: "null" }), {
      0: "/dev/null",
      1: "pipe:[N]",
      2: "/dev/null",
    });
    const fds = { 9: "pipe", 40: "socket", 7: leaks[1] } as const;
    assert.deepEqual(await opened({ stdin: "socket", stderr: "pipe", fds }), {
      0: "socket:[N]",
      1: "pipe:[N]",
      2: "pipe:[N]",
      7: "/dev/zero",
      9: "pipe:[N]",
      40: "socket:[N]",
    });
  } finally {
    leaks.forEach((fd) => closeSync(fd));
  }
});

test("numbers may be swapped, and taken twice", async () => {
  const files = ["a", "b", "c"].map((name) => `${folder}/${name}`);
  for (const file of files) writeFileSync(file, "");
  const [a, b, c] = files.map((file) => openSync(file, "r+"));
  // The numbers of the three, each as the place of another one, where they are no standard ones.
  const fds = { [a]: b, [b]: c, [c]: a, [c + 1]: a };
  const script = `echo a >&${c}; echo b >&${a}; echo c >&${b}; echo A >&${c + 1}`;
  try {
    assert.equal((await spawn("bash", ["-c", script], { fds }).status).code, 0);
    assert.equal(readFileSync(files[0], "utf8"), "a\nA\n");
    assert.equal(readFileSync(files[1], "utf8"), "b\n");
    assert.equal(readFileSync(files[2], "utf8"), "c\n");
  } finally {
    [a, b, c].forEach((fd) => closeSync(fd));
  }
});

test("standard output and error may be swapped", async () => {
  const fixture = fileURLToPath(new URL("../fixtures/spawn_swapped.ts", import.meta.url));
  const [command, ...args] = runtimeCommand(fixture);
  const env = { NODE_NO_WARNINGS: "1" };
  const { stdout, stderr } = await spawn(command, args, { env, stdout: "pipe", stderr: "pipe" })
    .output();
  assert.deepEqual([text(stdout), text(stderr)], ["err\n", "out\n"]);
});

test("on a pipe the child may open its output again, on a socket it can't", async () => {
  const script = "echo again > /dev/stdout";
  const byPipe = await spawn("sh", ["-c", script], { stdout: "pipe", stderr: "null" }).output();
  assert.deepEqual([byPipe.status.code, text(byPipe.stdout)], [0, "again\n"]);
  const bySocket = await spawn("sh", ["-c", script], { stdout: "socket", stderr: "null" }).output();
  assert.notEqual(bySocket.status.code, 0);
});

/** What a program prints on an output that is read slowly, and what it reports of itself. */
async function inheriting(stdout: "pipe" | "socket", lifetime: string) {
  const fixture = fileURLToPath(new URL("../fixtures/spawn_inherit.ts", import.meta.url));
  const [command, ...args] = runtimeCommand(fixture, { args: [lifetime] });
  const env = { NODE_NO_WARNINGS: "1" };
  const program = spawn(command, args, { env, stdout, stderr: "pipe" });
  let printed = "";
  for await (const bytes of program.stdout!) {
    printed += text(bytes);
    await setTimeout(2);
  }
  let report = "";
  for await (const bytes of program.stderr!) report += text(bytes);
  return { printed, report };
}

test("what has printed already lets a child print a megabyte to a slow reader", async () => {
  for (const kind of ["pipe", "socket"] as const) {
    for (const lifetime of ["independent", "contained"]) {
      const { printed, report } = await inheriting(kind, lifetime);
      const { code } = JSON.parse(report);
      assert.equal(code, 0, `${kind}, ${lifetime}: ${report}`);
      assert.equal(printed.length, "first\n".length + 1_000_000 + "last\n".length);
      assert.match(printed, /^first\n\0+last\n$/);
    }
  }
});

test("an output that is non-blocking here blocks in the child, and stays as it is here", async () => {
  const fifo = `${folder}/fifo`;
  await spawn("mkfifo", [fifo]).status;
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const flagsIn = (info: string) => Number.parseInt(/flags:\t(\d+)/.exec(info)![1], 8);
  try {
    const script = "exec 3>&1; grep flags /proc/self/fdinfo/3 >&2";
    const child = spawn("sh", ["-c", script], { stdout: fd, stderr: "pipe" });
    const { stderr } = await child.output();
    assert.equal(flagsIn(text(stderr)) & constants.O_NONBLOCK, 0);
    const own = flagsIn(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"));
    assert.equal(own & constants.O_NONBLOCK, constants.O_NONBLOCK);
  } finally {
    closeSync(fd);
  }
});

test("a non-blocking device is the same in the child: a pseudo terminal's own side", async () => {
  const fd = openSync("/dev/ptmx", constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
  const terminalOf = (info: string) => /^tty-index:\t(\d+)$/m.exec(info)![1];
  try {
    const own = terminalOf(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"));
    const child = spawn("cat", ["/proc/self/fdinfo/0"], { stdin: fd, stdout: "pipe" });
    assert.equal(terminalOf(text((await child.output()).stdout)), own);
  } finally {
    closeSync(fd);
  }
});
