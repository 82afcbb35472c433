/**
 * The options and arguments of one command; what is wrong with them is said in the command's own
 * words.
 */
import { parseArgs } from "node:util";
import type { Command, Options } from "./command.ts";
import { UsageError } from "./exit.ts";
import { hint } from "./suggestion.ts";

/** What every command takes. */
const COMMON = {
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** The options that a command takes, by their long names. */
export function optionsOf(command: Command): Command["options"] {
  return { ...command.options, ...COMMON };
}

/** An option as parseArgs() finds it. */
interface Option {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

/** A command line, divided. */
interface Parsed {
  args: string[];
  options: Options;
}

/** Splits a command line into arguments and options. */
export function parse(command: Command, args: string[]): Parsed {
  return command.takesCommand ? parseBefore(command, args) : parseAll(command, args);
}

/** The options are in front of `--`; what is behind it is never looked at. */
function parseBefore(command: Command, args: string[]): Parsed {
  const at = args.indexOf("--");
  const { args: misplaced, options } = parseAll(command, at < 0 ? args : args.slice(0, at));
  if (options.help) return { args: [], options };
  if (misplaced.length > 0) {
    throw new UsageError(`write -- before the command: -- ${misplaced.join(" ")}`);
  }
  return { args: at < 0 ? [] : args.slice(at + 1), options };
}

function parseAll(command: Command, args: string[]): Parsed {
  const known = optionsOf(command);
  // What it complains about by itself depends on the runtime; so the check is ours.
  const { positionals, values, tokens } = parseArgs({
    args,
    options: known,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) if (token.kind === "option") check(token, known, args);
  return { args: positionals, options: values as Options };
}

function check(option: Option, known: Command["options"], args: string[]): void {
  const { name, rawName, value, inlineValue } = option;
  if (!Object.hasOwn(known, name)) throw unknown(option, known, args);
  if (known[name].type === "boolean") {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
  } else if (!value) {
    throw new UsageError(`${rawName} needs a value`);
  } else if (!inlineValue && value.startsWith("-")) {
    throw new UsageError(`${rawName} needs a value, not ${JSON.stringify(value)}`);
  }
}

function unknown({ name, rawName }: Option, known: Command["options"], args: string[]): UsageError {
  // kill(1) takes -9 and -KILL.
  const signals = args.map((arg) => /^-(\d{1,2}|(SIG)?[A-Z]{2,}\d?)$/.exec(arg)?.[1]);
  const signal = known.signal && signals.find(Boolean);
  if (signal) return new UsageError(`write the signal as -s ${signal}`);
  const isLong = rawName.startsWith("--");
  const meant = isLong ? hint(name, Object.keys(known), (long) => `--${long}`) : "";
  return new UsageError(`unknown option ${rawName}${meant}`);
}
