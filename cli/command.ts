/** What a command is. */

/** One command of `pidfd`. */
export interface Command {
  summary: string;
  usage: string;
  help: string;
  options: Record<string, { type: "string" | "boolean"; short?: string; multiple?: boolean }>;
  /** The values that its arguments can have, where there are only so many. */
  choices?: readonly string[];
  run(
    args: string[],
    options: Record<string, string | boolean | (string | boolean)[] | undefined>,
  ): number | Promise<number>;
}

/** Every command, by its name. */
export type Table = Readonly<Record<string, Command>>;
