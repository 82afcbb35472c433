/** What a command is. */

/** The values of the options that were given. */
export type Options = Readonly<
  Record<string, string | boolean | (string | boolean)[] | undefined>
>;

/** One command of `pidfd`. */
export interface Command {
  summary: string;
  usage: string;
  help: string;
  options: Readonly<
    Record<string, { type: "string" | "boolean"; short?: string; multiple?: boolean }>
  >;
  /** What its arguments can be, where they are processes or one of a few words. */
  choices?: "processes" | readonly string[];
  /** Whether `--` and a command line of somebody else follow, which are its arguments then. */
  takesCommand?: boolean;
  /** The exit code of wrong usage and of a failure, where these are not 2 and 3. */
  failureCode?: number;
  run(args: string[], options: Options): number | Promise<number>;
}

/** Every command, by its name. */
export type Table = Readonly<Record<string, Command>>;
