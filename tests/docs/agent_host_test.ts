import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { ContainedTransport } from "../../examples/mcp_transport.ts";
import { Pidfd } from "../../mod.ts";
import { marked, newMark, survivors, sweep, untilMarked } from "../support/cli_run.ts";
import { command, inFolder, Running } from "../support/examples.ts";
import { HELPERS, polite, stubborn } from "../support/tool_server.ts";
import { childrenOf } from "../support/trees.ts";

const ALL = { polite: polite(), stubborn: stubborn() };

/** How many are killed depends on how far a helper is: one ignores the signal once it can. */
const CLOSED = /^(polite|stubborn): closed, \d asked, \d killed, none left$/;

/** Starts hosts in a folder, by the permissions of the guide, with a mark of this test. */
async function hosting(
  servers: Record<string, string[]>,
  action: (start: () => Running, mark: string) => Promise<void>,
): Promise<void> {
  const mark = newMark();
  const started: Running[] = [];
  try {
    await inFolder(async (folder) => {
      writeFileSync(`${folder}/servers.json`, JSON.stringify(servers));
      const files = [`--allow-read=${folder}`, `--allow-write=${folder}`];
      const host = command("agent_host", ["--allow-run=sh", ...files], folder);
      const start = () => {
        started.push(new Running(host, Object.fromEntries([mark.split("=")])));
        return started.at(-1)!;
      };
      await action(start, mark);
    });
  } finally {
    for (const { child } of started) child.kill("SIGKILL");
    await sweep(mark);
  }
}

/** Both servers have answered, and all that they start is there. */
async function untilReady(host: Running, mark: string): Promise<void> {
  host.child.stdin!.write("polite ping\nstubborn ping\n");
  const answers = [await host.line(), await host.line()];
  assert.deepEqual(answers.sort(), ['polite: "pong"', 'stubborn: "pong"']);
  await untilMarked(mark, (count) => count >= 1 + 2 * (1 + HELPERS));
}

function guardsOf(host: Running): Pidfd[] {
  return childrenOf(host.child.pid!).map((pid) => Pidfd.open(pid));
}

test("examples/agent_host.ts closes its servers, and nothing of them is left", () =>
  hosting(ALL, async (start, mark) => {
    const host = start();
    await untilReady(host, mark);
    host.child.stdin!.write("none ping\n");
    assert.equal(await host.line(), "none: no such server");
    host.child.stdin!.end();
    for (const line of [await host.line(), await host.line()]) assert.match(line!, CLOSED);
    assert.deepEqual([await host.end, marked(mark)], [[0, null], []]);
  }));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`examples/agent_host.ts closes its servers at ${signal}`, () =>
    hosting({ polite: polite() }, async (start, mark) => {
      const host = start();
      host.child.stdin!.write("polite ping\n");
      assert.equal(await host.line(), 'polite: "pong"');
      host.ask(signal);
      assert.match((await host.line())!, CLOSED);
      assert.deepEqual([await host.end, marked(mark)], [[0, null], []]);
    }));
}

test("examples/agent_host.ts leaves nothing when it is killed", () =>
  hosting(ALL, async (start, mark) => {
    const host = start();
    await untilReady(host, mark);
    const guards = guardsOf(host);
    assert.equal(guards.length, 2);
    host.child.kill("SIGKILL");
    await host.end;
    await Promise.all(guards.map((guard) => guard.wait({ timeoutMs: 20_000 })));
    assert.deepEqual(await survivors(mark), []);
    for (const guard of guards) guard.close();
  }));

test("examples/agent_host.ts ends what an earlier host has left whose guards were killed", () =>
  hosting(ALL, async (start, mark) => {
    const earlier = start();
    await untilReady(earlier, mark);
    const guards = guardsOf(earlier);
    for (const guard of guards) guard.signal("SIGKILL");
    earlier.child.kill("SIGKILL");
    await earlier.end;
    for (const guard of guards) guard.close();
    // The commands end with their guards, and what has the host's pipe with the host.
    await untilMarked(mark, (count) => count <= 2 * HELPERS);
    const orphans = marked(mark);
    assert.equal(orphans.length, 2 * HELPERS);
    const next = start();
    for (const _ of orphans) {
      assert.equal(await next.line(), "left by an earlier host: helper");
    }
    await untilReady(next, mark);
    const servers = marked(mark);
    assert.deepEqual(orphans.filter((pid) => servers.includes(pid)), []);
    next.ask();
    await next.end;
    assert.deepEqual(marked(mark), []);
  }));

test("examples/agent_host.ts runs once in a folder, and says what can't be started", () =>
  hosting({ none: ["/no/such/program"] }, async (start) => {
    const host = start();
    assert.match((await host.line())!, /^none: ./);
    const second = start();
    assert.deepEqual([await second.line(), (await second.end)[0]], [null, 1]);
    host.child.stdin!.end();
    await host.end;
  }));

for (const [name, [program, ...args]] of Object.entries(ALL)) {
  test(`examples/mcp_transport.ts closes a ${name} server, and nothing of it is left`, async () => {
    const mark = newMark();
    const transport = new ContainedTransport(program, args, {
      env: Object.fromEntries([mark.split("=")]),
      graceMs: 100,
    });
    const closed = new Promise<void>((resolve) => transport.onclose = resolve);
    const answer = new Promise((resolve) => transport.onmessage = resolve);
    try {
      await transport.start();
      await transport.send({ jsonrpc: "2.0", id: 7, method: "ping" });
      assert.deepEqual(await answer, { jsonrpc: "2.0", id: 7, result: "pong" });
      await untilMarked(mark, (count) => count >= 1 + HELPERS);
      await transport.close();
      await closed;
      assert.deepEqual(marked(mark), []);
    } finally {
      await sweep(mark);
    }
  });
}
