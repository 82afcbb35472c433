/**
 * Asks every public operation while a call of the kernel's fails once, at its first use after the
 * operation has begun. Runs under `helper fail-once CALL ERRNO` or `fail-aside`. Prints what each
 * came to, and what was left.
 */
import { tmpdir } from "node:os";
import { adoptOrphans, closeFd, Pidfd, PidfdError, sendMessage, socketPair } from "../../mod.ts";
import { countPidfds } from "../../tests/support/descriptors.ts";
import { faultInjector, held, outcome } from "../../tests/support/outcomes.ts";
import { paused } from "../../tests/support/processes.ts";
import { OPERATIONS, type Ready } from "./operations.ts";

// By its pid, which is that of a child that nobody has reaped: a handle's own calls would meet the
// fault.
const injector = faultInjector();
const arm = () => process.kill(injector.pid, "SIGUSR1");
const disarm = () => process.kill(injector.pid, "SIGUSR2");

async function ready(): Promise<Ready> {
  const helper = await paused();
  const sockets = socketPair();
  sendMessage(sockets[0], {});
  const pidfile = `${tmpdir()}/pidfd-faults-${process.pid}`;
  return { helper, handle: Pidfd.of(helper.child), sockets, pidfile };
}

async function release({ handle, sockets, helper }: Ready): Promise<void> {
  handle.close();
  sockets.forEach(closeFd);
  helper.child.kill("SIGKILL");
  await helper.exit;
}

/**
 * A word: "done" for any value, a code of ours, or what says that an error is not of this library.
 */
async function ask(name: string): Promise<string> {
  const given = await ready();
  const attempt = async () => {
    arm();
    await OPERATIONS[name](given);
  };
  const word = await outcome(
    attempt().catch((error) => {
      if (error?.name === "TimeoutError") throw { code: "TimeoutError" };
      // Where the kernel says that it is none.
      if (/ is not a pidfd/.test(error?.message)) throw { code: "TypeError" };
      throw error instanceof PidfdError ? error : new Error(`not of ours: ${error}`);
    }),
  );
  disarm();
  await release(given);
  return word === "exited" ? "done" : word;
}

/**
 * Without any fault first, so that what is made once is there: the watcher, the runtime's own
 * threads.
 */
const first = await ready();
const started = first.handle.wait();
first.handle.signal("SIGKILL");
await started;
await release(first);
adoptOrphans({ reap: true })[Symbol.dispose]();
const before = { pidfds: countPidfds(), ...held() };
const words: Record<string, string> = {};
for (const name of Object.keys(OPERATIONS)) words[name] = await ask(name);
const last = await ready();
const then = outcome(last.handle.wait());
last.helper.child.kill("SIGKILL");
words.afterwards = await then;
await release(last);
console.log(JSON.stringify({ words, before, after: { pidfds: countPidfds(), ...held() } }));
injector.close();
process.exit();
