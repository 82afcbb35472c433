#!/usr/bin/env -S deno run --allow-ffi
/**
 * The `pidfd` command: look at processes, signal them and wait for them, each by a handle that
 * can't name a stranger.
 *
 * ```sh
 * deno run --allow-ffi jsr:@x/pidfd/cli check 1
 * ```
 *
 * @module
 */
import { EXIT_ERROR } from "./cli/exit.ts";
import { main } from "./cli/main.ts";
import { complain, outputFailure } from "./cli/output.ts";

// The command uses the global `process`: an import of `node:process` reads its `stdin`, which Node
// makes non-blocking then, for others too.
const code = await main(process.argv.slice(2));
const failure = await outputFailure();
if (failure) complain(`pidfd: the output can't be written: ${failure.message}`);
process.exitCode = failure ? EXIT_ERROR : code;
