import assert from "node:assert/strict";
import { test } from "node:test";
import { TREE_ANSWERS } from "../../ffi/symbols.ts";
import { withProc } from "../../src/proc/scan.ts";
import { Pidfd } from "../../src/pidfd.ts";
import { TreeTable } from "../../src/tree/table.ts";
import { native } from "../../src/kernel/native.ts";
import { Helper } from "../support/processes.ts";
import { statesOfThreads } from "../support/trees.ts";

test("a process that was stopped before is known as such, however short a step is", async () => {
  // Its first thread has exited, so that all of its threads are looked at.
  const helper = new Helper("leader-ends", "7");
  await helper.line();
  const pid = helper.child.pid!;
  const handle = Pidfd.of(helper.child);
  const fd = native().open(pid, 0, 0);
  try {
    handle.signal("SIGSTOP");
    while (statesOfThreads(pid) !== "TZ") await new Promise((resolve) => setTimeout(resolve, 1));
    const table = new TreeTable();
    const row = table.add();
    row.set("pid", pid);
    row.set("pidfd", fd);
    row.set("parent", -1);
    table.set(0, "unread", true);
    table.ask(["stop", "begin"]);
    withProc((proc) => {
      for (let answer = -1, left = 1000; answer !== TREE_ANSWERS.done && left > 0; left--) {
        answer = table.call("tree_stand", proc.fd, 0);
        table.ask(["stop"]);
      }
    });
    assert.deepEqual([table.has(0, "was_stopped"), table.has(0, "stopped")], [true, false]);
  } finally {
    native().close(fd);
    handle.signal("SIGKILL");
    handle.close();
    await helper.exit;
  }
});
