/** A terminal of its own (a pty), which script(1) makes, and what is typed and shown there. */
import { type Child, spawn } from "../../mod.ts";
import { run } from "./processes.ts";

/** Why there can be none; false where there can. */
export const lacksTerminal: string | false =
  (await run("script", ["-qec", "true", "/dev/null"]).then(({ code }) => code, () => 1)) === 0
    ? false
    : "needs script(1) of util-linux";

/** Runs a command in one, and ends it. */
export async function inTerminal(
  command: string[],
  action: (terminal: Terminal) => Promise<void>,
): Promise<void> {
  const terminal = new Terminal(command);
  try {
    await action(terminal);
  } finally {
    await terminal.child[Symbol.asyncDispose]();
  }
}

/** A terminal in which a command runs. */
class Terminal {
  /** script(1), which passes on what comes from its pipes. */
  readonly child: Child;
  #shown = "";

  constructor(command: string[]) {
    const line = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    this.child = spawn("script", ["-qec", `exec ${line}`, "/dev/null"], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "null",
      env: { NO_COLOR: "1", NODE_NO_WARNINGS: "1", TERM: "dumb", SHELL: "/bin/sh", PS1: "$ " },
    });
  }

  /** All that was shown. */
  get shown(): string {
    return this.#shown;
  }

  type(text: string): void {
    this.child.stdin!.write(text);
  }

  /** Reads on until this is shown, from now on. */
  async until(text: string): Promise<void> {
    const from = this.#shown.length;
    for await (const bytes of this.child.stdout!.iterator({ destroyOnReturn: false })) {
      this.#shown += bytes;
      if (this.#shown.indexOf(text, from) >= 0) return;
    }
    throw new Error(`ended without ${JSON.stringify(text)}: ${this.#shown}`);
  }

  /** How often it was shown. */
  count(text: string): number {
    return this.#shown.split(text).length - 1;
  }
}
