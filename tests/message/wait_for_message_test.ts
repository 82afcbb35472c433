import assert from "node:assert/strict";
import { test } from "node:test";
import {
  closeFd,
  Pidfd,
  type ReceivedMessage,
  sendMessage,
  socketPair,
  waitForMessage,
} from "../../mod.ts";
import { assertThrows, WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { Helper } from "../support/processes.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = ({ data }: ReceivedMessage) => new TextDecoder().decode(data);

/** A pair of sockets, closed afterwards. */
async function withPair(
  kind: "stream" | "datagram" | "seqpacket",
  action: (here: number, there: number) => Promise<void>,
): Promise<void> {
  const [here, there] = socketPair(kind);
  try {
    await action(here, there);
  } finally {
    closeFd(here);
    closeFd(there);
  }
}

test("waitForMessage() takes what is there, and what comes later, over each kind of socket", async () => {
  for (const kind of ["stream", "datagram", "seqpacket"] as const) {
    await withPair(kind, async (here, there) => {
      sendMessage(there, { data: bytes("early") });
      assert.equal(text(await waitForMessage(here)), "early");
      const wait = waitForMessage(here);
      setTimeout(() => sendMessage(there, { data: bytes("late"), descriptors: [here] }), 5);
      const message = await wait;
      assert.equal(text(message), "late");
      assert.equal(message.descriptors.length, 1);
      message.descriptors.forEach(closeFd);
    });
  }
});

test("waitForMessage() hears of another process's messages while the program goes on", async () => {
  const [here, there] = socketPair();
  const helper = new Helper([there], "hand-over", "3");
  closeFd(there);
  const { descriptors: [socket] } = await waitForMessage(here);
  await helper.line();
  helper.send();
  assert.equal(await helper.line(), "listening");
  for (const word of ["over", "here"]) {
    const answer = waitForMessage(socket, { timeoutMs: 60_000 });
    sendMessage(socket, { data: bytes(word) });
    assert.equal(text(await answer), word.toUpperCase());
  }
  closeFd(socket);
  closeFd(here);
  assert.deepEqual(await helper.exit, [0, null]);
});

test("of several waits on one socket each gets a message, and none is lost", () =>
  withPair("seqpacket", async (here, there) => {
    const waits = Array.from({ length: 20 }, () => waitForMessage(here));
    const words = Array.from({ length: 20 }, (_, index) => `${index}`);
    for (const word of words) sendMessage(there, { data: bytes(word) });
    const heard = (await Promise.all(waits)).map(text);
    assert.deepEqual(heard.toSorted(), words.toSorted());
  }));

test("a wait that is given up takes no message", () =>
  withPair("seqpacket", async (here, there) => {
    const controller = new AbortController();
    const aborted = waitForMessage(here, { signal: controller.signal });
    const late = waitForMessage(here, { timeoutMs: 20 });
    controller.abort(new Error("enough"));
    await assert.rejects(aborted, { message: "enough" });
    await assert.rejects(late, { name: "TimeoutError", message: /^no message has come within 20/ });
    sendMessage(there, { data: bytes("kept") });
    assert.equal(text(await waitForMessage(here)), "kept");
    await assert.rejects(waitForMessage(here, { signal: AbortSignal.abort(new Error("before")) }), {
      message: "before",
    });
  }));

test("no message is lost where one wait gives up another one", () =>
  withPair("seqpacket", async (here, there) => {
    for (let round = 0; round < 50; round++) {
      const controllers = [new AbortController(), new AbortController()];
      const waits = controllers.map(({ signal }, index) =>
        waitForMessage(here, { signal }).then((message) => {
          controllers[1 - index].abort();
          return text(message);
        }).catch(() => null)
      );
      for (const word of ["a", "b"]) sendMessage(there, { data: bytes(word) });
      const heard: string[] = [];
      for (const word of await Promise.all(waits)) {
        heard.push(word ?? text(await waitForMessage(here)));
      }
      assert.deepEqual(heard.toSorted(), ["a", "b"]);
    }
  }));

test("the end of the other side is a message without data, or ECONNRESET", async () => {
  for (const kind of ["stream", "seqpacket"] as const) {
    const [here, there] = socketPair(kind);
    const wait = waitForMessage(here);
    closeFd(there);
    assert.equal((await wait).data.length, 0);
    closeFd(here);
  }
  const [here, there] = socketPair();
  sendMessage(here, { data: bytes("never read") });
  const wait = waitForMessage(here);
  closeFd(there);
  await assert.rejects(wait, { code: "ECONNRESET", syscall: "recvmsg" });
  closeFd(here);
});

test("a wait goes on by its own descriptor, and leaves none behind", async () => {
  const [here, there] = socketPair();
  const given = waitForMessage(here, { timeoutMs: 1 });
  await assert.rejects(given, { name: "TimeoutError" });
  const wait = waitForMessage(here);
  closeFd(here);
  const [other, others] = socketPair();
  sendMessage(others, { data: bytes("for somebody else") });
  sendMessage(there, { data: bytes("for us") });
  assert.equal(text(await wait), "for us");
  assert.equal(text(await waitForMessage(other)), "for somebody else");
  // That nobody is at the other end any more says that every duplicate was closed.
  assertThrows(() => sendMessage(there, { data: bytes("x") }), { code: "EPIPE" });
  for (const fd of [there, other, others]) closeFd(fd);
});

test("waitForMessage() refuses wrong arguments, and throws what receiving throws", async () => {
  for (const value of WRONG_TYPES) {
    await assert.rejects(waitForMessage(value as number), {
      name: "TypeError",
      message: /"socketFd" must be/,
    });
  }
  for (const value of WRONG_NUMBERS) {
    await assert.rejects(waitForMessage(value), {
      name: "RangeError",
      message: /"socketFd" must be/,
    });
  }
  await assert.rejects(waitForMessage(2 ** 31 - 1), { code: "EBADF", syscall: "recvmsg" });
  const fd = Pidfd.self().detach();
  await assert.rejects(waitForMessage(fd), { code: "ENOTSOCK", syscall: "recvmsg" });
  closeFd(fd);
  await withPair("stream", async (here) => {
    for (const value of [null, 7, "x"]) {
      await assert.rejects(waitForMessage(here, value as never), { name: "TypeError" });
    }
    const wrong = [{ timeoutMs: -1 }, { timeoutMs: 2 ** 31 }];
    for (const options of wrong) {
      await assert.rejects(waitForMessage(here, options), { name: "RangeError" });
    }
    await assert.rejects(waitForMessage(here, { signal: {} as never }), { name: "TypeError" });
  });
});

test("a message that is there is not said to be missing where this program was busy when the time was up", async () => {
  for (let round = 0; round < 5; round++) {
    await withPair("seqpacket", async (here, there) => {
      const waiting = waitForMessage(here, { timeoutMs: 50 });
      await new Promise<void>((resolve) =>
        setImmediate(() => {
          sendMessage(there, { data: bytes("in time") });
          const end = performance.now() + 100;
          while (performance.now() < end);
          resolve();
        })
      );
      assert.equal(text(await waiting), "in time");
    });
  }
});
