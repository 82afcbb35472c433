import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { spawn } from "../../mod.ts";
import { countDescriptors } from "../support/descriptors.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let all = "";
  for await (const bytes of stream) all += decoder.decode(bytes, { stream: true });
  return all;
}

const MIB = 2 ** 20;

test("what is written comes back, with the end", async () => {
  const child = spawn("cat", [], { stdin: "pipe", stdout: "pipe" });
  child.stdin!.write("one ");
  child.stdin!.end("two");
  assert.equal(await readAll(child.stdout!), "one two");
  assert.equal((await child.status).code, 0);
  assert.equal(child.stderr, null);
});

test("megabytes go both ways at once, over pipes and sockets", async () => {
  for (const kind of ["pipe", "socket"] as const) {
    const child = spawn("cat", [], { stdin: kind, stdout: kind });
    const block = new Uint8Array(MIB).map((_, index) => index * 7);
    const written = (async () => {
      for (let count = 0; count < 8; count++) {
        if (!child.stdin!.write(block)) await once(child.stdin!, "drain");
      }
      child.stdin!.end();
    })();
    let size = 0;
    for await (const bytes of child.stdout! as AsyncIterable<Uint8Array>) {
      for (let index = 0; index < bytes.length; index += 997) {
        assert.equal(bytes[index], block[(size + index) % MIB]);
      }
      size += bytes.length;
    }
    await written;
    assert.equal(size, 8 * MIB, kind);
    assert.equal((await child.status).code, 0);
  }
});

test("who does not read holds up the child, and gets all later", async () => {
  const child = spawn("sh", ["-c", "head -c 4000000 /dev/zero; echo done >&2"], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const first = await once(child.stdout!, "readable");
  assert.deepEqual(first, []);
  // The pipe, and what the stream keeps, are full: the child can't have said that it is done.
  await assert.rejects(child.wait({ timeoutMs: 50 }), { name: "TimeoutError" });
  assert.equal(child.stderr!.read(), null);
  let size = 0;
  for await (const bytes of child.stdout! as AsyncIterable<Uint8Array>) size += bytes.length;
  assert.equal(size, 4_000_000);
  assert.equal(await readAll(child.stderr!), "done\n");
});

test("the end of a stream may come long before the end of the child", async () => {
  const child = spawn("sh", ["-c", "exec >&-; read line; exit 4"], {
    stdin: "pipe",
    stdout: "pipe",
  });
  assert.equal(await readAll(child.stdout!), "");
  child.stdin!.end("\n");
  assert.equal((await child.status).code, 4);
});

test("to write to a child that does not read is an error of the stream", async () => {
  for (const kind of ["pipe", "socket"] as const) {
    const child = spawn("true", [], { stdin: kind });
    await child.status;
    child.stdin!.write("late");
    const [error] = await once(child.stdin!, "error");
    assert.equal(error.code, "EPIPE", kind);
    assert.equal(error.syscall, "write");
  }
});

test("a writer waits for a slow reader", async () => {
  const child = spawn("sh", ["-c", "read go <&3; cat | wc -c"], {
    stdin: "pipe",
    stdout: "pipe",
    fds: { 3: "socket" },
  });
  const { stdin } = child;
  assert.equal(stdin!.write(new Uint8Array(MIB)), false);
  await assert.rejects(child.wait({ timeoutMs: 20 }), { name: "TimeoutError" });
  assert.ok(stdin!.writableLength > 0);
  const control = child.fds[3];
  if (!("write" in control)) assert.fail("it can't be written");
  control.write("go\n");
  stdin!.end();
  assert.equal((await readAll(child.stdout!)).trim(), String(MIB));
  child.fds[3].destroy();
});

test("a socket has both directions, and an end of each", async () => {
  const child = spawn("sh", ["-c", "cat <&5 >&5; echo over >&5"], { fds: { 5: "socket" } });
  const socket = child.fds[5];
  if (!("write" in socket)) assert.fail("it can't be written");
  socket.end("said\n");
  assert.equal(await readAll(socket), "said\nover\n");
  assert.equal((await child.status).code, 0);
});

test("Web streams stand beside", async () => {
  const child = spawn("cat", [], { stdin: "pipe", stdout: "pipe" });
  const writer = child.stdin!.web.getWriter();
  await writer.write(new TextEncoder().encode("web"));
  await writer.close();
  let all = "";
  const reader = child.stdout!.web.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    all += text(part.value);
  }
  assert.equal(all, "web");
  assert.equal(child.stdout!.web, child.stdout!.web);
});

test("output() has both streams and the status, and closes an input that nobody uses", async () => {
  const child = spawn("sh", ["-c", "cat; echo out; echo err >&2; exit 3"], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const { status, stdout, stderr, truncated } = await child.output();
  assert.deepEqual([status.code, text(stdout), text(stderr), truncated], [
    3,
    "out\n",
    "err\n",
    false,
  ]);
  assert.deepEqual((await spawn("true").output()).stdout, new Uint8Array());
});

test("output() keeps so much, and drops the rest", async () => {
  const child = spawn("head", ["-c", "1000000", "/dev/zero"], { stdout: "pipe" });
  const { status, stdout, truncated } = await child.output({ maxBytes: 10 });
  assert.deepEqual([status.code, stdout.length, truncated], [0, 10, true]);
  const exact = await spawn("head", ["-c", "10", "/dev/zero"], { stdout: "pipe" })
    .output({ maxBytes: 10 });
  assert.equal(exact.truncated, false);
});

test("output() does not wait for ever for a grandchild that has the stream", async () => {
  const child = spawn("sh", ["-c", "sleep 100 & echo $!"], { stdout: "pipe" });
  const { status, stdout, truncated } = await child.output({ drainMs: 20 });
  assert.deepEqual([status.code, truncated], [0, true]);
  // The number that the shell has printed is that of an orphan of this test, which runs for 100 s.
  process.kill(Number(text(stdout)), "SIGKILL");
});

test("output() refuses a stream that somebody reads, and wrong options", async () => {
  const child = spawn("echo", ["x"], { stdout: "pipe" });
  assert.equal(await readAll(child.stdout!), "x\n");
  await assert.rejects(child.output(), TypeError);
  await assert.rejects(child.output({ maxBytes: -1 }), RangeError);
  await assert.rejects(child.output({ drainMs: "1" as never }), TypeError);
});

test("streams leave no descriptor behind", async () => {
  const use = async () => {
    const child = spawn("sh", ["-c", "cat; echo err >&2"], {
      stdin: "pipe",
      stdout: "socket",
      stderr: "pipe",
      fds: { 3: "pipe", 4: "socket" },
    });
    child.stdin!.end("x");
    child.fds[4].resume();
    child.fds[4].destroy();
    await readAll(child.stdout!);
    await readAll(child.stderr!);
    await readAll(child.fds[3]);
    await child[Symbol.asyncDispose]();
  };
  await use();
  const before = countDescriptors();
  for (let count = 0; count < 20; count++) await use();
  assert.ok(countDescriptors() <= before + 2, `${before} ${countDescriptors()}`);
});

test("a filter is written to after its output was asked for", async () => {
  for (const kind of ["pipe", "socket"] as const) {
    // No cat(1): one that splices from a socket into a pipe holds up whoever reads that.
    const child = spawn("tee", [], { stdin: kind, stdout: "pipe" });
    const output = child.output();
    const block = new Uint8Array(MIB).fill(7);
    for (let count = 0; count < 8; count++) {
      if (!child.stdin!.write(block)) await once(child.stdin!, "drain");
    }
    child.stdin!.end();
    const { status, stdout, truncated } = await output;
    assert.deepEqual([status.code, stdout.length, truncated], [0, 8 * MIB, false], kind);
    assert.ok(stdout.every((byte) => byte === 7));
  }
});

test("an input that nobody uses is closed by output(), which a late write is told", async () => {
  const child = spawn("cat", [], { stdin: "pipe", stdout: "pipe" });
  const { status, stdout } = await child.output();
  assert.deepEqual([status.code, stdout.length], [0, 0]);
  child.stdin!.write("late");
  const [error] = await once(child.stdin!, "error");
  assert.deepEqual([error.code, error.syscall], ["EBADF", "write"]);
  assert.match(error.message, /output\(\) closes an input that is not used at once/);
});

test("output() of a child that does not read its input takes the broken pipe", async () => {
  const input = new Uint8Array(1_000_000);
  for (const isAsked of [false, true]) {
    const child = spawn("sh", ["-c", "exec 0<&-; echo done"], { stdin: "pipe", stdout: "pipe" });
    if (isAsked) child.stdin!.end(input);
    const output = child.output();
    if (!isAsked) child.stdin!.end(input);
    const { status, stdout } = await output;
    assert.deepEqual([status.code, new TextDecoder().decode(stdout)], [0, "done\n"]);
  }
});
