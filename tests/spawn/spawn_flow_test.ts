import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { bringIn, MIB, takenUnread, takeOut, writtenUnread } from "../support/flow.ts";

const KINDS = ["pipe", "socket"] as const;

/** A full pipe has 1 MiB at most; the stream keeps a little more. */
const MOST_UNREAD = 2 * MIB;

test("every byte arrives, both ways, however slow the other side is", async () => {
  for (const kind of KINDS) {
    for (const [size, pauseMs] of [[16 * MIB + 1, 0], [2 * MIB + 1, 2]]) {
      assert.equal((await takeOut(size, kind, pauseMs)).isExact, true, `out, ${kind}`);
      assert.equal((await bringIn(size, kind, pauseMs)).isExact, true, `in, ${kind}`);
    }
  }
});

test("whoever is not read any more is held up", {
  skip: existsSync("/proc/self/io") ? false : "this kernel does not count what is written",
}, async () => {
  for (const kind of KINDS) {
    for (const first of [0, 4 * MIB]) {
      const unread = await writtenUnread(kind, first);
      assert.ok(unread > 0 && unread < MOST_UNREAD, `${kind}, ${first}: ${unread}`);
    }
  }
});

test("a pipe that is found full again and again has more room, and an end of it", async () => {
  const atFirst = await takenUnread("pipe", 0);
  assert.ok(atFirst >= 65_536 && atFirst < MOST_UNREAD, String(atFirst));
  const later = await takenUnread("pipe", 4 * MIB);
  assert.ok(later > MIB / 2 && later < MOST_UNREAD, String(later));
  const socket = await takenUnread("socket", 4 * MIB);
  assert.ok(socket > 0 && socket < MOST_UNREAD, String(socket));
});
