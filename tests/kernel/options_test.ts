import assert from "node:assert/strict";
import { test } from "node:test";
import {
  closeFd,
  killTree,
  Pidfd,
  ProcessTree,
  sendMessage,
  socketPair,
  waitForMessage,
} from "../../mod.ts";
import { paused, runScript } from "../support/processes.ts";

/** Each function that takes options: with a wrong name, and what the error then says. */
type Wrong = [call: (options: never) => unknown, options: Record<string, unknown>, hint: string];

test("an unknown option is refused, with the name that was probably meant", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const tree = ProcessTree.of(handle);
  const [here, there] = socketPair();
  const cases: Wrong[] = [
    [(options) => handle.wait(options), { timeout: 50 }, 'did you mean "timeoutMs"?'],
    [(options) => handle.wait(options), { timeoutMs: 50, statusms: 1 }, 'mean "statusMs"?'],
    [(options) => handle.terminate(options), { grace: 0 }, 'did you mean "graceMs"?'],
    [(options) => handle.terminate(options), { freeze: true }, "the options are "],
    [(options) => handle.signal(0, options), { scpoe: "thread" }, 'did you mean "scope"?'],
    [(options) => Pidfd.open(handle.pid, options), { threads: true }, 'did you mean "thread"?'],
    [(options) => ProcessTree.of(handle, options), { sessions: true }, 'mean "session"?'],
    [(options) => tree.signal(0, options), { includeself: true }, 'mean "includeSelf"?'],
    [(options) => tree.wait(options), { timeout: 50 }, 'did you mean "timeoutMs"?'],
    [(options) => tree.terminate(options), { group: true }, "the options are "],
    [(options) => killTree(handle, options), { graceMillis: 1 }, "the options are "],
    [(options) => killTree(handle, options), { killSginal: 9 }, 'mean "killSignal"?'],
    [(options) => waitForMessage(here, options), { statusMs: 50 }, "the options are "],
    [(options) => sendMessage(here, options), { descriptor: [0] }, 'mean "descriptors"?'],
  ];
  for (const [call, options, hint] of cases) {
    const unknown = Object.keys(options).at(-1);
    await assert.rejects(async () => await call(options as never), (error: Error) => {
      assert.equal(error.name, "TypeError", error.message);
      assert.match(error.message, new RegExp(`^Cannot .+: unknown option "${unknown}": `));
      assert.ok(error.message.includes(hint), error.message);
      return true;
    });
  }
  assert.equal(handle.isAlive(), true, "nothing was done");
  tree.close();
  handle.close();
  await helper.kill();
  [here, there].forEach(closeFd);
});

test("what is no object of options is refused, such as a signal alone", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const wrong = [null, 50, "50", [], [50], new AbortController().signal, new Map(), () => {}];
  for (const options of wrong as never[]) {
    for (const call of [() => handle.wait(options), () => killTree(handle, options)]) {
      await assert.rejects(call, {
        name: "TypeError",
        message: /^Cannot .+: "options" must be an object: /,
      });
    }
  }
  class Mine {
    timeoutMs = 0;
  }
  for (const options of [new Mine(), Object.assign(Object.create(null), new Mine())]) {
    await assert.rejects(handle.wait(options), { name: "TimeoutError" });
  }
  handle.close();
  await helper.kill();
});

test("an option that some other package has put on Object.prototype is none", async () => {
  const result = await runScript("polluted.ts");
  const wanted = [true, "SIGTERM", 1, 1, true, "SIGKILL", 1, 1, true, true];
  assert.deepEqual(JSON.parse(result.stdout || "null"), wanted, result.stderr);
});
