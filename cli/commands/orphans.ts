/** `pidfd orphans`: what a process that has ended left in its session and process group. */
import {
  findOrphans,
  type Orphan,
  type Orphans,
  parseIdentity,
  PidfdError,
  type ProcessIdentity,
} from "../../mod.ts";
import { parseMilliseconds, type ProcessArgument } from "../arguments.ts";
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
  if (orphans.hidden > 0) print(`(/proc hides ${orphans.hidden} processes)`);
}

/** Those that are nobody's children here: the others end as their descendants. */
function roots(orphans: Orphans): ProcessArgument[] {
  const all = [...orphans];
  const pids = new Set(all.map(({ process }) => process.pid));
  return all.filter(({ process }) => !pids.has(process.ppid)).map(argumentOf);
}

function argumentOf({ handle, process: { pid } }: Orphan): ProcessArgument {
  return { pid, text: String(pid), open: () => handle };
}

/** A pid alone would name somebody else by now. */
function identityOf(text: string): ProcessIdentity {
  try {
    return parseIdentity(text);
  } catch {
    throw new UsageError(`this is no identity: ${JSON.stringify(text)}`);
  }
}

/** The command. */
export const orphans: Command = {
  summary: "what a process that has ended left behind",
  usage: "[--stop] [--grace MS] IDENTITY",
  help: `  --stop       end each of them with all of its descendants
  --grace MS   with --stop: wait so many milliseconds before SIGKILL, 0 to 2147483647; default 5000

Found is who is in the session or process group that the process led, for which the kernel keeps its number: nobody who
began a session of its own is found, and nobody at all where it led neither. Once the process was reaped, only Linux 6.14
to 6.19 can tell.
Exit code: 0 if there is nobody, or with --stop if all have ended when they were asked; 1 if there is somebody, or one
had to be forced; 3 if the process has not ended, or can't be told.`,
  options: { stop: { type: "boolean" }, grace: { type: "string" } },
  async run(args, { stop, grace, json }) {
    if (args.length !== 1) throw new UsageError("orphans takes one identity");
    if (grace !== undefined && !stop) throw new UsageError("--grace goes with --stop");
    const graceMs = typeof grace === "string" ? parseMilliseconds("grace", grace) : 5000;
    try {
      const found = findOrphans(identityOf(args[0]));
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
      const isAlive = error.code === "EBUSY";
      complain(
        isAlive ? `${args[0]}: has not ended, use pidfd tree ${error.pid}` : error.message,
      );
      return EXIT_ERROR;
    }
  },
};
