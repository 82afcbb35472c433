/** `pidfd tree`: a process and all of its descendants, drawn as a tree. */
import {
  type Pidfd,
  PidfdError,
  type ProcessEntry,
  processes,
  ProcessTree,
  type TreeMember,
} from "../../mod.ts";
import { parseProcesses } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_OK, UsageError } from "../exit.ts";
import { failed, reportLack } from "../outcome.ts";
import { print, printable } from "../output.ts";

interface Node {
  pid: number;
  name: string;
  commandLine?: readonly string[];
  state: string;
  relation: string;
  children: Node[];
}

/** What a member is now, in words. */
function stateOf({ handle }: TreeMember, letter?: string): string {
  if (!handle.isAlive()) return handle.state();
  return letter === "T" ? "stopped" : letter === "t" ? "traced" : "running";
}

/** The members that are not reaped yet, as nodes; null where not even the root is there. */
function nodesOf(tree: ProcessTree): Node | null {
  const entries = new Map<number, ProcessEntry>();
  for (const entry of processes({ commandLine: true })) entries.set(entry.pid, entry);
  const nodes = new Map<TreeMember, Node>();
  for (const member of tree) {
    const { pid, name, parent, relation } = member;
    const entry = entries.get(pid);
    const state = stateOf(member, entry?.state);
    // Who runs still had its pid during the pass: the entry is its own.
    const isOwn = state !== "exited" && state !== "reaped";
    const { commandLine } = isOwn && entry ? entry : {};
    const node: Node = {
      pid,
      name,
      ...(commandLine ? { commandLine } : {}),
      state,
      relation,
      children: [],
    };
    nodes.set(member, node);
    if (parent && state !== "reaped") nodes.get(parent)!.children.push(node);
  }
  return nodes.get(tree.root) ?? null;
}

/**
 * The program and its arguments as a shell takes them, the program without its folder; the name
 * where there are none.
 */
function titleOf({ name, commandLine }: Node): string {
  if (!commandLine) return name;
  const [program, ...args] = commandLine;
  // A title that the program has given itself is one word with blanks in it.
  const isPath = /^\/[^ ]*[^ /]$/.test(program);
  return [isPath ? program.slice(program.lastIndexOf("/") + 1) : program, ...args.map(quoted)].join(
    " ",
  );
}

function quoted(word: string): string {
  return /^[\w%+,./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The lines of a tree. */
export function draw(node: Node, first = "", rest = ""): string[] {
  const state = node.state === "running" ? "" : ` (${node.state})`;
  const relation = ["root", "parent"].includes(node.relation) ? "" : ` [by its ${node.relation}]`;
  const lines = [`${first}${node.pid} ${printable(titleOf(node))}${state}${relation}`];
  node.children.forEach((child, index) => {
    const isLast = index === node.children.length - 1;
    lines.push(
      ...draw(child, `${rest}${isLast ? "└─ " : "├─ "}`, `${rest}${isLast ? "   " : "│  "}`),
    );
  });
  return lines;
}

function show(tree: ProcessTree, asJson: boolean): string {
  const root = nodesOf(tree)!;
  if (asJson) return JSON.stringify({ ...root, hidden: tree.hidden }, null, 2);
  const hidden = tree.hidden === 0 ? [] : [`(/proc hides ${tree.hidden} processes)`];
  const width = process.stdout.isTTY ? process.stdout.columns : Infinity;
  return [...draw(root), ...hidden].map((line) => line.slice(0, width)).join("\n");
}

const REDRAW_MS = 500;
/** Moves to the upper left corner, and clears what is below. */
const HOME = "\x1b[H\x1b[J";

/**
 * Draws again and again, until the root has exited or nobody reads any more. Each time it is a new
 * tree, without what has exited.
 */
async function watch(root: Pidfd): Promise<void> {
  const isTerminal = process.stdout.isTTY === true;
  while (root.isAlive()) {
    const tree = ProcessTree.of(root);
    const text = show(tree, false);
    tree.close();
    if (!await print(`${isTerminal ? HOME : ""}${text}`)) return;
    // Not a poll for the end: that is waited for, at most until it is time to draw again.
    await root.wait({ timeoutMs: REDRAW_MS }).catch((error) => {
      if ((error as Error).name !== "TimeoutError") throw error;
    });
  }
  await print(`${root.pid} exited`);
}

/** The command. */
export const tree: Command = {
  summary: "draw a process and all of its descendants",
  usage: "[--watch] PID",
  help: `  --watch   draw again, twice a second, until the process has exited

Exit code: 0 if it was drawn, 1 if there is no such process, 3 if a call failed.`,
  choices: "processes",
  options: { watch: { type: "boolean" } },
  async run(args, { watch: isWatched, json }) {
    const [root, ...more] = parseProcesses(args);
    if (more.length > 0) throw new UsageError("tree takes one PID");
    if (isWatched && json) throw new UsageError("--watch has no --json");
    try {
      const handle = root.open();
      if (isWatched) {
        await watch(handle);
      } else {
        const held = ProcessTree.of(handle);
        print(show(held, json === true));
        held.close();
      }
      handle.close();
      return EXIT_OK;
    } catch (error) {
      if (!(error instanceof PidfdError)) throw error;
      const outcome = failed(root, error);
      reportLack(outcome);
      return outcome.code;
    }
  },
};
