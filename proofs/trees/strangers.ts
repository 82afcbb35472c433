/**
 * Who signals a stranger: trees of 16 are ended while their processes end by themselves, and while
 * whoever ends is replaced at once by a stranger that has exactly the same pid (clone3(2) with
 * set_tid, which needs root). A stranger that gets any signal is a hit.
 *
 * Takes how many rounds killTree() gets; the others, who are slower, get a tenth.
 */
import { createRequire } from "node:module";
import { killTree, processes } from "../../mod.ts";
import { Helper } from "../../tests/support/processes.ts";

const treeKillByNumber: (pid: number, signal: string, done: () => void) => void = createRequire(
  import.meta.url,
)("tree-kill");

interface Killer {
  name: string;
  /**
   * Within which time of the call the processes end by themselves: about as long as the killer
   * takes.
   */
  spreadUs: number;
  rounds: number;
  kill(root: number, round: number): Promise<unknown>;
}

const rounds = Number(process.argv[2] ?? 10_000);
const KILLERS: Killer[] = [
  {
    name: "killTree",
    spreadUs: 4000,
    rounds,
    kill: (root, round) => killTree(root, WAYS[round % WAYS.length]),
  },
  {
    name: "snapshot, then process.kill",
    spreadUs: 4000,
    rounds: rounds / 10,
    kill: snapshotAndKill,
  },
  {
    name: "tree-kill 1.2.2",
    spreadUs: 40_000,
    rounds: rounds / 10,
    kill: (root) => new Promise<void>((resolve) => treeKillByNumber(root, "SIGTERM", resolve)),
  },
];
const WAYS = [{}, { freeze: false }, { killSignal: "SIGKILL" }] as const;

// deno-lint-ignore require-await
async function snapshotAndKill(root: number): Promise<void> {
  const pids = [root];
  const all = processes();
  for (const pid of pids) pids.push(...all.filter((p) => p.ppid === pid).map((p) => p.pid));
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGTERM");
    } catch (error) {
      if ((error as { code?: string }).code !== "ESRCH") throw error;
    }
  }
}

const LEAVES = "15";
let failed = false;
console.log(
  "killer                         rounds  strangers with its pids  hit  rounds with a hit",
);
for (const { name, spreadUs, rounds, kill } of KILLERS) {
  const helper = new Helper("strangers", LEAVES, String(spreadUs));
  let strangers = 0;
  let hits = 0;
  let bad = 0;
  for (let round = 0; round < rounds; round++) {
    helper.send();
    const root = Number(await helper.line());
    helper.send();
    await kill(root, round);
    helper.send();
    const [made, hit] = (await helper.line()).split(" ").map(Number);
    strangers += made;
    hits += hit;
    if (hit > 0) bad++;
  }
  await helper.end();
  if (name === "killTree" && (hits > 0 || strangers < rounds)) failed = true;
  const cells = [rounds, strangers, hits, bad].map(String);
  console.log(
    `${name.padEnd(29)} ${cells[0].padStart(7)} ${cells[1].padStart(24)} ${cells[2].padStart(4)} ${
      cells[3].padStart(18)
    }`,
  );
}
if (failed) process.exitCode = 1;
