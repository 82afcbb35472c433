#!/usr/bin/env -S deno run --allow-ffi
/**
 * The `pidfd` command: look at processes, signal them and wait for them, each by a handle that can't name a stranger.
 *
 * ```sh
 * deno run --allow-ffi jsr:@x/pidfd/cli check 1
 * ```
 *
 * @module
 */
import process from "node:process";
import { main } from "./cli/main.ts";

process.exitCode = await main(process.argv.slice(2));
