/** `pidfd orphans`: what an exited program left behind, by a mark in the environment. */
import { findOrphans, type Orphan, type OrphanMark, type Orphans, PidfdError } from "../../mod.ts";
import { parseTime, type ProcessArgument } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_ERROR, EXIT_NO, EXIT_OK, UsageError } from "../exit.ts";
import { report, reportJson } from "../outcome.ts";
import { complain, print, printable } from "../output.ts";
import { stopTrees } from "../stop_tree.ts";

function show(orphans: Orphans, asJson: boolean): void {
  if (asJson) {
    return reportJson([...orphans].map(({ process, relation }) => {
      return { pid: process.pid, line: "", record: { ...process, relation }, code: EXIT_OK };
    }));
  }
  for (const { process: { pid, name }, relation } of orphans) {
    print(`${pid} ${printable(name)} [by its ${relation}]`);
  }
  if (orphans.unreadable > 0) print(`(${orphans.unreadable} processes may not be read)`);
  if (orphans.hidden > 0) print(`(/proc hides ${orphans.hidden} processes)`);
}

/** Those whose parents are not among them: the others end as their descendants. */
function roots(orphans: Orphans): ProcessArgument[] {
  const all = [...orphans];
  const pids = new Set(all.map(({ process }) => process.pid));
  return all.filter(({ process }) => !pids.has(process.ppid)).map(argumentOf);
}

function argumentOf({ handle, process: { pid } }: Orphan): ProcessArgument {
  return { pid, text: String(pid), open: () => handle };
}

/** KEY=VALUE, as often as it was given. */
function environmentOf(entries: readonly string[]): OrphanMark {
  const pairs = entries.map((entry) => {
    const at = entry.indexOf("=");
    if (at < 1) throw new UsageError(`--env takes KEY=VALUE: ${JSON.stringify(entry)}`);
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
  return { environment: Object.fromEntries(pairs) };
}

/** The mark that the options ask for. */
function wanted(args: readonly string[], env: unknown): OrphanMark {
  if (args.length > 0 || !Array.isArray(env)) {
    throw new UsageError("orphans takes --env KEY=VALUE, and no process");
  }
  return environmentOf(env);
}

/** The command. */
export const orphans: Command = {
  summary: "list what an exited program left behind, or end it",
  usage: "[--stop] [--grace TIME] --env KEY=VALUE...",
  help: `  --env KEY=VALUE   list the processes that were started with this variable;
                    given more than once: with all of them
  --stop            end each of them with all of its descendants
  --grace TIME      with --stop: wait so long before SIGKILL: 500ms, 5s, 2m;
                    without a unit: ms; 5s if left out

It lists every process that inherited the variable, but not this
command and its ancestors: choose a variable and a value that nothing else has.
It counts the processes that it may not read.

Exit code: 0 if there are none, or with --stop if all ended after SIGTERM; 1 if
there are some; 3 if a call failed; with --stop 4, 5 and 128 + N as for
pidfd stop --tree.`,
  options: {
    env: { type: "string", multiple: true },
    stop: { type: "boolean" },
    grace: { type: "string" },
  },
  async run(args, { env, stop, grace, json }) {
    const mark = wanted(args, env);
    if (grace !== undefined && !stop) throw new UsageError("--grace needs --stop");
    const graceMs = typeof grace === "string" ? parseTime("grace", grace) : undefined;
    try {
      const found = findOrphans(mark);
      try {
        if (!stop) {
          show(found, json === true);
          return found.size > 0 ? EXIT_NO : EXIT_OK;
        }
        const options = { graceMs, killSignal: 15, freeze: true };
        const ended = await stopTrees(roots(found), options, (line) => {
          if (!json) print(line);
        });
        return report(ended, json === true);
      } finally {
        found.close();
      }
    } catch (error) {
      if (!(error instanceof PidfdError)) throw error;
      complain(error.message);
      return EXIT_ERROR;
    }
  },
};
