/** Sends what this program is sent on to the command that it runs. */
import { constants } from "node:os";
import { ignoresSignal, jobOf } from "../src/proc/job.ts";

/**
 * What others send to a program. SIGTSTP and its kind stop this program, as a shell expects it of
 * its job; the rest is the kernel's about this program, or can't be caught.
 */
const NAMES = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGCONT",
  "SIGWINCH",
] as const;

/** What a key, or another size of its window, has a terminal send to its foreground group. */
const KEYBOARD: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT", "SIGWINCH"];

/** Catches signals until the end of the command. */
export class SignalForwarder {
  readonly #forward: (signal: NodeJS.Signals) => void;
  readonly #hadTerminal = jobOf(process.pid)?.hasTerminal === true;
  readonly #listener = (signal: NodeJS.Signals) => this.#send(signal);
  #pid = 0;
  #isCatching = false;

  /**
   * Calls back, once {@linkcode begin} was called, for what the command is not sent as well. From
   * now on no signal is lost, unless some are ignored, as by nohup(1): that is for the command to
   * inherit, and Deno's first listener would end it.
   */
  constructor(forward: (signal: NodeJS.Signals) => void) {
    this.#forward = forward;
    if (!NAMES.some((name) => ignoresSignal(constants.signals[name]))) this.#catch();
  }

  /** The command runs. */
  begin(pid: number): void {
    this.#pid = pid;
    if (!this.#isCatching) this.#catch();
  }

  #catch(): void {
    this.#isCatching = true;
    for (const name of NAMES) process.on(name, this.#listener);
  }

  stop(): void {
    for (const name of NAMES) process.off(name, this.#listener);
  }

  #send(signal: NodeJS.Signals): void {
    if (!this.#isSentToBoth(signal)) this.#forward(signal);
  }

  /**
   * Whether the group of both was sent it: by a key, by the end of the terminal, or by a shell that
   * resumes its job. A runtime does not say who has sent a signal.
   */
  #isSentToBoth(signal: NodeJS.Signals): boolean {
    const own = jobOf(process.pid);
    const command = jobOf(this.#pid);
    if (own === null || own.group !== command?.group) return false;
    if (KEYBOARD.includes(signal)) return own.foreground === own.group;
    if (signal === "SIGCONT") return !command.isStopped;
    return signal === "SIGHUP" && this.#hadTerminal && !own.hasTerminal;
  }
}
