import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Pidfd, type ProcessEntry, processes } from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { HELPER, Helper, runScript } from "../support/processes.ts";
import { grow, needsRoot, statFields } from "../support/trees.ts";

function find(pid: number): ProcessEntry {
  const entry = processes().find((entry) => entry.pid === pid);
  assert.ok(entry, `${pid} is not listed`);
  return entry;
}

test("processes() tells of each what /proc tells another reader", async () => {
  const { helper, root } = await grow("binary", 31, "group");
  const listed = new Map(processes().map((entry) => [entry.pid, entry]));
  let compared = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number)) {
    const fields = statFields(pid);
    const entry = listed.get(pid);
    // One that has begun or ended since is in one list only.
    if (!fields || !entry || Number(fields[19]) !== entry.startTicks) continue;
    const { state, ppid, processGroup, session, threads, ...rest } = entry;
    assert.equal(rest.isKernelThread, (Number(fields[6]) & 0x200000) !== 0);
    if (rest.isKernelThread || !statFields(root) || listed.get(entry.ppid)?.pid !== root) continue;
    assert.deepEqual(
      [state, ppid, processGroup, session, threads].map(String),
      [...fields.slice(0, 4), fields[17]],
    );
    const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1];
    assert.equal(rest.uid, Number(uid));
    assert.equal(`${rest.name}\n`, readFileSync(`/proc/${pid}/comm`, "utf8"));
    compared++;
  }
  assert.equal(compared, 2, "the root's two children were compared field by field");
  await helper.end();
});

test("processes() reads a name that looks like the rest of the line", async () => {
  const { helper, root } = await grow("deep", 1, "odd-name");
  const { name, ppid, state } = find(root);
  assert.equal(name, ") S 1\n(\ufffd");
  assert.ok(ppid > 0);
  assert.equal(state, "S");
  await helper.end();
});

test("a name keeps the byte order mark that it begins with", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pidfd-"));
  const name = "\ufeffmarked";
  try {
    symlinkSync(HELPER, join(folder, name));
    const child = spawn(join(folder, name), ["pause"], { stdio: ["pipe", "pipe", "inherit"] });
    const exit = once(child, "exit");
    await once(child.stdout, "data");
    const handle = Pidfd.of(child);
    const told = [find(child.pid!).name, handle.info().name];
    handle.signal("SIGKILL");
    await exit;
    handle.close();
    assert.deepEqual(told, [name, name]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("processes() lists each process once while thousands begin and end", async () => {
  const { helper, root } = await grow("fork-loop", 3);
  const before = countPidfds();
  for (let round = 0; round < 200; round++) {
    const entries = processes();
    assert.ok(entries.every(({ pid }, index) => index === 0 || pid > entries[index - 1].pid));
    assert.ok(entries.some(({ pid }) => pid === root));
    for (const { state, startTicks, threads, name } of entries) {
      assert.match(state, /^[RSDTtZXIW]$/);
      assert.ok(startTicks >= 0 && threads >= 0 && name.length > 0);
    }
  }
  assert.equal(countPidfds(), before);
  await helper.end();
});

test(
  "processes() tells the effective user of other users' processes",
  { skip: needsRoot },
  async () => {
    const users = [1234, 65534, 4294967294];
    const helpers = users.map((user) => new Helper("as", String(user), HELPER, "pause"));
    for (const helper of helpers) await helper.line();
    assert.deepEqual(helpers.map(({ child }) => find(child.pid!).uid), users);
    for (const helper of helpers) await helper.kill();
  },
);

test("processes() shows what hidepid lets it see, and no more", { skip: needsRoot }, async () => {
  for (const hidepid of ["hidepid=2", "hidepid=1"]) {
    const { stdout, stderr } = await runScript("processes.ts", {
      through: [HELPER, "in-own-proc", hidepid, HELPER, "as", "65534"],
    });
    const { pids, own } = JSON.parse(stdout || JSON.stringify(stderr));
    assert.deepEqual(pids, [own], hidepid);
  }
});

test(
  "processes() refuses a /proc that counts pids of another namespace",
  { skip: needsRoot },
  async () => {
    const { stdout, stderr } = await runScript("processes.ts", {
      through: [HELPER, "in-pid-namespace", String(process.pid)],
    });
    assert.equal(JSON.parse(stdout || JSON.stringify(stderr)).code, "EREMOTE");
  },
);

test(
  "processes() refuses a /proc in which this process is nobody",
  { skip: needsRoot },
  async () => {
    const { stdout, stderr } = await runScript("cover_proc.ts", {
      through: [HELPER, "mount-proc", ""],
    });
    assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), ["listed", "EREMOTE"]);
  },
);
