/** `pidfd doctor`: what this kernel, CPU and runtime support. */
import { features, Pidfd, type SyscallNumbers, syscallNumbers } from "../../mod.ts";
import type { Command } from "../command.ts";
import { EXIT_NO, EXIT_OK, UsageError } from "../exit.ts";
import { print } from "../output.ts";
import { VERSION } from "../version.ts";

function runtime(): string {
  const { deno, bun, node } = process.versions as Record<string, string | undefined>;
  if (deno) return `Deno ${deno}`;
  return bun ? `Bun ${bun}` : `Node ${node}`;
}

function numbers(): SyscallNumbers | null {
  // Without a library there are none to show; the table says why.
  return Pidfd.supported ? syscallNumbers() : null;
}

function table(rows: string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** The command. */
export const doctor: Command = {
  summary: "list the kernel features this system supports",
  usage: "",
  help: `Exit code: 0 if processes can be opened, signalled and waited for here, else 1.`,
  options: {},
  run(args, { json }) {
    if (args.length > 0) throw new UsageError("doctor takes no arguments");
    const { supported } = Pidfd;
    const all = features();
    const system = {
      version: VERSION,
      runtime: runtime(),
      platform: process.platform,
      cpu: process.arch,
    };
    if (json) {
      print(
        JSON.stringify({ supported, ...system, numbers: numbers(), features: all }, null, 2),
      );
    } else {
      print(`pidfd ${VERSION} for ${system.runtime} on ${system.platform}, ${system.cpu}`);
      print(
        supported ? "Process handles work here.\n" : "Process handles don't work here.\n",
      );
      const rows = Object.entries(all).map(([name, { available, since, found }]) => [
        name,
        available ? "yes" : "no",
        `Linux ${since}`,
        found,
      ]);
      print(table([["feature", "supported", "since", "how it was found"], ...rows]));
      const used = numbers();
      if (used) print(`\nsyscall numbers: ${JSON.stringify(used).replace(/["{}]/g, "")}`);
    }
    return supported ? EXIT_OK : EXIT_NO;
  },
};
