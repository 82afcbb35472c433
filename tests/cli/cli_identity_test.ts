import assert from "node:assert/strict";
import { test } from "node:test";
import { features, Pidfd } from "../../mod.ts";
import { pidfd, pidfdEach } from "../support/cli.ts";
import { paused } from "../support/processes.ts";

test("pidfd info tells what info() tells", async () => {
  const helper = await paused();
  const pid = String(helper.child.pid);
  const people = await pidfd("info", pid);
  assert.equal(people.code, 0, people.stderr);
  assert.match(people.stdout, new RegExp(`^${pid}:\\n  state +running\\n`));
  assert.match(people.stdout, /\n {2}name +helper\n/);
  assert.match(people.stdout, /\n {2}credentials +ruid \d+, /);
  const programs = await pidfd("info", "--json", pid, "2147483647");
  assert.equal(programs.code, 1, programs.stderr);
  const [record, gone] = JSON.parse(programs.stdout);
  const handle = Pidfd.of(helper.child);
  const { startTime, cgroupId, ...info } = handle.info();
  const { startTime: seen, cgroupId: seenId, ...rest } = record;
  assert.deepEqual(rest, info);
  assert.ok(Math.abs(Date.parse(seen) - startTime!.getTime()) <= 1000);
  assert.equal(seenId, cgroupId === undefined ? undefined : String(cgroupId));
  assert.deepEqual(gone, { pid: 2147483647, state: "gone" });
  handle.close();
  await helper.kill();
});

test("pidfd takes the identity that it shows, and util-linux's, wherever a pid may stand", async () => {
  const helper = await paused();
  const pid = helper.child.pid!;
  const handle = Pidfd.of(helper.child);
  const identity = handle.identity();
  const [shown, programs] = await pidfdEach(
    ["identity", String(pid)],
    ["identity", "--json", String(identity)],
  );
  assert.deepEqual([shown.code, shown.stdout], [0, `${identity}\n`]);
  assert.deepEqual(JSON.parse(programs.stdout), [{ ...identity, identity: String(identity) }]);
  const forms = [String(identity)];
  if (features().pidfs.available) forms.push(`${pid}:${identity.inode}`);
  // As it may have been written in another pid namespace: the inode leads there, and the number of
  // here is shown.
  const there = `2147483647:${identity.inode}`;
  if (features().file_handles.available) forms.push(`${there}@${identity.boot}`);
  for (const { code, stdout } of await pidfdEach(...forms.map((form) => ["check", form]))) {
    assert.deepEqual([code, stdout], [0, `${pid}: running\n`]);
  }
  if (features().file_handles.available) {
    // Without the boot it may be of another one, where the inode was somebody else's.
    assert.equal((await pidfd("signal", "-s", "KILL", there)).code, 1);
    assert.equal(handle.isAlive(), true);
  }
  const otherBoot = String(identity).replace(/@.{8}/, "@00000000");
  const refused = await pidfd("signal", "-s", "KILL", otherBoot);
  assert.deepEqual([refused.code, refused.stdout], [1, `${otherBoot}: that process is gone\n`]);
  assert.equal(handle.isAlive(), true);
  handle.close();
  await helper.kill();
});

test("pidfd identity prints what a shell can pass on, and tells on stderr who has none", async () => {
  const [one, other] = [await paused(), await paused()];
  const pids = [one, other].map(({ child }) => String(child.pid));
  const { code, stdout, stderr } = await pidfd("identity", pids[0], "2147483647", pids[1]);
  assert.deepEqual([code, stderr], [1, "2147483647: no such process\n"]);
  const checked = await pidfd("check", ...stdout.trimEnd().split("\n"));
  assert.deepEqual([checked.code, checked.stdout], [
    0,
    pids.map((pid) => `${pid}: running\n`).join(""),
  ]);
  await one.kill();
  await other.kill();
});

const inodes = { skip: features().pidfs.available ? false : features().pidfs.found };
test("pidfd does not say of a pid that runs that there is no such process", inodes, async () => {
  const helper = await paused();
  const named = `${helper.child.pid}:1`;
  const [people, programs, drawn] = await pidfdEach(
    ["check", named],
    ["check", "--json", named],
    ["tree", named],
  );
  await helper.kill();
  assert.deepEqual([people.code, people.stdout], [1, `${named}: that process is gone\n`]);
  assert.deepEqual(JSON.parse(programs.stdout), [{ pid: helper.child.pid, state: "gone" }]);
  assert.deepEqual([drawn.code, drawn.stderr], [1, `${named}: that process is gone\n`]);
});

test("pidfd refuses what is neither a pid nor an identity", async () => {
  const wrong = ["1:", "1:x", "1:1@boot", ":1"];
  for (const { code, stderr } of await pidfdEach(...wrong.map((arg) => ["info", arg]))) {
    assert.equal(code, 2);
    assert.match(stderr, /is neither a pid nor an identity/);
  }
});
