/** What a command says on stdout, and whether that could be said. */

let failure: NodeJS.ErrnoException | undefined;
let isWritten: Promise<boolean> = Promise.resolve(true);
let giveUp: (isWritten: false) => void;
const givenUp = new Promise<false>((resolve) => giveUp = resolve);

/**
 * Whoever reads may stop reading, as head(1) does, and Node would end everything: a tree half
 * ended, or stopped. A command that prints nothing leaves standard output alone.
 */
let listen = () => {
  listen = () => {};
  process.stdout.on("error", () => {});
};

/**
 * Prints a line, or several; answers whether it was written. Not by console.log(): its failure goes
 * unseen on Bun, and on Deno it throws, which would leave a tree half ended.
 */
export function print(text: string): Promise<boolean> {
  // Deno answers nothing to a write that follows a failed one.
  if (failure) return givenUp;
  listen();
  const written = new Promise<boolean>((resolve) => {
    try {
      process.stdout.write(`${text}\n`, (error) => error ? fail(error) : resolve(true));
    } catch (error) {
      fail(error as Error);
    }
  });
  isWritten = Promise.race([written, givenUp]);
  return isWritten;
}

/**
 * Says what is in the way, on stderr. Where that can't be said, Deno's console.error() throws, and
 * the work must go on.
 */
export function complain(text: string): void {
  try {
    console.error(text);
  } catch {
    // There is nobody left to tell.
  }
}

/** The first failure tells why; what follows one is of no interest. */
function fail(error: Error): void {
  failure ??= error;
  giveUp(false);
}

/**
 * Why the output is not whole, once its end is written or given up; undefined too where a reader
 * has had enough.
 */
export async function outputFailure(): Promise<Error | undefined> {
  await isWritten;
  return failure?.code === "EPIPE" ? undefined : failure;
}

/** A name may hold line ends and escape sequences. */
export function printable(name: string): string {
  // deno-lint-ignore no-control-regex
  return name.replace(/[\x00-\x1f\x7f-\x9f]/g, "\ufffd");
}
