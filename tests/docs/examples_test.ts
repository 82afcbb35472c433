import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { features, Pidfd } from "../../mod.ts";
import { marked, newMark, survivors, sweep, untilMarked } from "../support/cli_run.ts";
import { command, inFolder, Running } from "../support/examples.ts";
import {
  HELPER,
  Helper,
  marked as markedProcess,
  paused,
  run,
  runtimeCommand,
  type ScriptResult,
} from "../support/processes.ts";

const { PIDFD_INFO_EXIT, SO_PEERPIDFD } = features();

function example(name: string, ...args: string[]): Promise<ScriptResult> {
  return run(...command(name, [], ...args));
}

test("examples/stop_daemon.ts stops a process that it did not start", async () => {
  const daemon = await paused();
  const { code, stdout, stderr } = await example("stop_daemon", String(daemon.child.pid));
  assert.equal(code, 0, stderr);
  assert.equal(typeof JSON.parse(stdout), "object");
  assert.deepEqual(await daemon.exit, [null, "SIGTERM"]);
});

test("examples/wait_for_stranger.ts tells that a process still runs", async () => {
  const stranger = await paused();
  const { stdout, stderr } = await example("wait_for_stranger", String(stranger.child.pid), "20");
  assert.equal(stdout, "waiting\nstill running\n", stderr);
  await stranger.kill();
});

test("examples/wait_for_stranger.ts tells how it ended, where the kernel tells", async () => {
  const stranger = await paused();
  const pid = String(stranger.child.pid);
  const waiting = new Running(command("wait_for_stranger", [], pid, "60000"));
  // Not before it has opened the process; it is killed, and reaped by this runtime, only once.
  assert.equal(await waiting.line(), "waiting");
  stranger.child.kill("SIGKILL");
  await stranger.exit;
  const told = PIDFD_INFO_EXIT.available ? "code null, signal SIGKILL" : "ended, nobody tells how";
  assert.equal(await waiting.line(), told);
  await waiting.end;
});

test("examples/pid_file.ts runs once, and is found and stopped by its file", () =>
  inFolder(async (folder) => {
    const path = `${folder}/service.pid`;
    const pidFile = (name: string) => run(...command("pid_file", [], name, path));
    assert.equal((await pidFile("status")).stdout, "does not run\n");
    const service = new Running(command("pid_file", [], "start", path));
    assert.equal(await service.line(), "started");
    const pid = service.child.pid;
    assert.equal((await pidFile("start")).stdout, `runs already, as ${pid}\n`);
    assert.equal((await pidFile("status")).stdout, `runs, as ${pid}\n`);
    assert.equal((await pidFile("stop")).stdout, "stopped\n");
    assert.deepEqual(await service.end, [0, null]);
    assert.equal(existsSync(path), false);
  }));

test("examples/pid_file.ts starts where a crash has left the file, whoever has that pid now", () =>
  inFolder(async (folder) => {
    const path = `${folder}/service.pid`;
    // Our own pid, and an inode that is not ours: a stranger got the number.
    writeFileSync(path, `${process.pid}:1\n`);
    const service = new Running(command("pid_file", [], "start", path));
    assert.equal(await service.line(), "started");
    service.ask();
    assert.deepEqual(await service.end, [0, null]);
  }));

test("examples/pid_file.ts, started four times at once, runs once, and the others say as whom", () =>
  inFolder(async (folder) => {
    for (let round = 0; round < 2; round++) {
      const path = `${folder}/service.pid`;
      const start = command("pid_file", [], "start", path);
      const all = [1, 2, 3, 4].map(() => new Running(start));
      const lines = await Promise.all(all.map((each) => each.line()));
      const winner = all[lines.indexOf("started")];
      const others = lines.filter((line) => line === `runs already, as ${winner?.child.pid}`);
      assert.equal(others.length, 3, lines.join("\n"));
      winner.ask();
      const ends = await Promise.all(all.map(({ end }) => end));
      assert.deepEqual(ends.map(([code]) => code).sort(), [0, 1, 1, 1]);
      assert.deepEqual(readdirSync(folder), []);
    }
  }));

test("examples/end_tree.ts ends a process with its child, and tells of both", async () => {
  const parent = new Helper("parent");
  await parent.line();
  const { stdout, stderr } = await example("end_tree", String(parent.child.pid));
  assert.match(stdout, /^(helper ended: .*\n){2}2 ended, 0 left, \d+ not shown\n$/, stderr);
  assert.deepEqual(await parent.exit, [null, "SIGTERM"]);
});

/** What Deno asks for to use a Unix socket. */
function socketPermissions(path: string): string[] {
  return [`--allow-net=unix:${path}`, `--allow-read=${path}`, `--allow-write=${path}`];
}

const peers = { skip: SO_PEERPIDFD.available ? false : SO_PEERPIDFD.found };

test(
  "examples/who_connects.ts tells who has connected, and of its end",
  peers,
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/socket`;
      const service = new Running(command("who_connects", socketPermissions(path), path));
      assert.equal(await service.line(), "ready");
      const fixture = fileURLToPath(new URL("../fixtures/connect.ts", import.meta.url));
      const [program, ...args] = runtimeCommand(fixture, { args: [path] });
      const client = new Running([program, args]);
      assert.match((await service.line())!, /^.+, of user \d+, has connected$/);
      client.child.stdin!.end();
      assert.match((await service.line())!, /^.+ has ended$/);
      await client.end;
      if (process.getuid!() === 0) {
        chmodSync(path, 0o777);
        const [nobody, ...rest] = runtimeCommand(fixture, {
          through: [HELPER, "as", "65534"],
          args: [path],
        });
        const other = new Running([nobody, rest]);
        assert.equal(await service.line(), "user 65534 was refused");
        other.child.stdin!.end();
        await other.end;
      }
      service.ask();
      assert.deepEqual(await service.end, [0, null]);
    }),
);

test("examples/hand_over.ts gives a worker that runs to another program", () =>
  inFolder(async (folder) => {
    const path = `${folder}/socket`;
    const successor = new Running(command("hand_over", socketPermissions(path), "take", path));
    assert.equal(await successor.line(), "ready");
    const start = [...socketPermissions(path), "--allow-run=cat", "--allow-env"];
    const { code, stderr } = await run(...command("hand_over", start, "give", path, "cat"));
    assert.equal(code, 0, stderr);
    assert.equal(await successor.line(), "took over cat");
    assert.equal(await successor.line(), "it says: are you there?");
    assert.equal(await successor.line(), "it has ended");
    assert.deepEqual(await successor.end, [0, null]);
  }));

test("examples/sweep_orphans.ts ends what has a mark", async () => {
  const { child, exit, variables: [variable] } = await markedProcess();
  const { code, stdout, stderr } = await example("sweep_orphans", variable);
  assert.deepEqual([code, stdout], [0, `${child.pid} helper\n`], stderr);
  assert.deepEqual(await exit, [null, "SIGTERM"]);
});

/** A handle of a process that runs, whose pid is the last word of a line. */
function opened(line: string | null): Pidfd {
  return Pidfd.open(Number(/\d+$/.exec(line!)![0]));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** With a mark in the environment, by which whoever is left is ended afterwards. */
async function withMark(action: (mark: string) => Promise<void>): Promise<void> {
  const mark = newMark();
  try {
    await action(mark);
  } finally {
    await sweep(mark);
  }
}

/** The variable of a mark. */
function variable(mark: string): Record<string, string> {
  return Object.fromEntries([mark.split("=")]);
}

test("examples/dev_server.ts starts the server again once its port is free, and ends all of it, also when it is killed", () =>
  withMark((mark) =>
    inFolder(async (folder) => {
      const source = `${folder}/source`;
      writeFileSync(source, "1");
      const fixture = fileURLToPath(new URL("../fixtures/listen.ts", import.meta.url));
      const listen = runtimeCommand(fixture, { args: [String(await freePort())] });
      const permissions = ["--allow-run=sh", `--allow-read=${folder}`];
      // What listens is a grandchild, which the server's first process does not end.
      const script = `${listen.map((word) => `'${word}'`).join(" ")} & wait`;
      const dev = command("dev_server", permissions, folder, "sh", "-c", script);
      const watching = new Running(dev, variable(mark));
      const first = opened(await watching.line());
      writeFileSync(source, "2");
      const second = opened(await watching.line());
      assert.deepEqual([first.isAlive(), second.isAlive()], [false, true]);
      watching.ask("SIGINT");
      assert.deepEqual(await watching.end, [0, null]);
      assert.equal(second.isAlive(), false);
      const killed = new Running(dev, variable(mark));
      const third = opened(await killed.line());
      killed.child.kill("SIGKILL");
      await killed.end;
      await third.wait({ timeoutMs: 20_000 });
      for (const handle of [first, second, third]) handle.close();
    })
  ));

test("examples/supervisor.ts finds its services again, and starts again what has exited", () =>
  inFolder(async (folder) => {
    writeFileSync(`${folder}/services.json`, JSON.stringify({ one: [HELPER, "pause"] }));
    const files = [`--allow-read=${folder}`, `--allow-write=${folder}`];
    const supervise = () =>
      new Running(command("supervisor", [`--allow-run=${HELPER}`, ...files], folder));
    const before = supervise();
    const service = opened(await before.line());
    before.ask();
    assert.deepEqual(await before.end, [0, null]);
    assert.equal(service.isAlive(), true);
    const after = supervise();
    assert.equal(await after.line(), `one: found again as ${service.pid}`);
    service.signal("SIGKILL");
    const line = await after.line();
    assert.match(line!, /^one: started as \d+$/);
    const next = opened(line);
    after.ask("SIGINT");
    assert.deepEqual(await after.end, [0, null]);
    assert.deepEqual([service.isAlive(), next.isAlive()], [false, false]);
    for (const handle of [service, next]) handle.close();
  }));

/** A queue that was given these jobs. */
function queue({ timeoutMs = 60_000, mark = newMark() }, ...jobs: string[]): Running {
  const permissions = ["--allow-run=sh"];
  const args = command("job_queue", permissions, "1", String(timeoutMs));
  const running = new Running(args, variable(mark));
  running.child.stdin!.end(jobs.join("\n"));
  return running;
}

test("examples/job_queue.ts tells how each job ended, and what it has printed", async () => {
  const jobs = queue({}, "echo hello; exit 3", "kill -9 $$");
  assert.equal(await jobs.line(), "echo hello; exit 3: exited with code 3");
  assert.equal(await jobs.line(), "hello");
  assert.equal(await jobs.line(), "kill -9 $$: killed by SIGKILL");
  assert.deepEqual(await jobs.end, [0, null]);
});

/** One ignores SIGTERM, one is a daemon, with no pipe of the job's. */
const LEAVING = `(trap "" TERM; exec ${HELPER} pause > /dev/null) & ` +
  `(setsid ${HELPER} pause > /dev/null &)`;

test("examples/job_queue.ts ends what a job leaves behind", () =>
  withMark(async (mark) => {
    const job = `${LEAVING}; exit 0`;
    const jobs = queue({ mark }, job, "exec sleep 1000");
    assert.equal(await jobs.line(), `${job}: exited with code 0`);
    // The queue and the next job.
    await untilMarked(mark, (count) => count === 2);
    jobs.ask("SIGTERM");
    assert.equal(await jobs.line(), "exec sleep 1000: interrupted");
    assert.deepEqual(await jobs.end, [0, null]);
  }));

test("examples/job_queue.ts ends a job with all that it has started when its time is up", () =>
  withMark(async (mark) => {
    const job = `${LEAVING}; echo started; exec sleep 1000`;
    const jobs = queue({ timeoutMs: 3000, mark }, job);
    assert.deepEqual([await jobs.line(), await jobs.line()], [`${job}: timed out`, "started"]);
    assert.deepEqual([await jobs.end, marked(mark)], [[0, null], []]);
  }));

test("examples/job_queue.ts ends what runs at Ctrl-C, and starts nothing more", () =>
  withMark(async (mark) => {
    const job = `${LEAVING}; exec sleep 1000`;
    const jobs = queue({ timeoutMs: 60_000, mark }, job, "echo never");
    await untilMarked(mark, (count) => count === 4);
    jobs.ask("SIGINT");
    assert.deepEqual([await jobs.line(), await jobs.line()], [`${job}: interrupted`, null]);
    assert.deepEqual([await jobs.end, marked(mark)], [[0, null], []]);
  }));

test("examples/job_queue.ts leaves nothing when it is killed", () =>
  withMark(async (mark) => {
    const jobs = queue({ timeoutMs: 60_000, mark }, `${LEAVING}; exec sleep 1000`);
    await untilMarked(mark, (count) => count === 4);
    jobs.child.kill("SIGKILL");
    await jobs.end;
    assert.deepEqual(await survivors(mark), []);
  }));

test("examples/run_program.ts tells how a command ended, and why it was not started", async () => {
  const runs = async (...args: string[]) => {
    const { stdout, stderr } = await run(...command("run_program", ["--allow-run"], ...args));
    assert.equal(stderr, "");
    return stdout;
  };
  assert.equal(await runs("60000", "echo", "hello"), "echo ended: code 0, after 6 bytes\n");
  assert.equal(await runs("50", "sleep", "100"), "sleep ended: SIGTERM, after 0 bytes\n");
  assert.equal(
    await runs("60000", "/no/such/program"),
    "/no/such/program was not started: ENOENT in execve\n",
  );
});
