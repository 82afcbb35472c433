/** As tests/fixtures/spawn_crowd.ts, and fails where anything went wrong. */
import { spawn } from "../../mod.ts";
import { fileURLToPath } from "node:url";
import { runtimeCommand } from "../../tests/support/processes.ts";

const file = fileURLToPath(new URL("../../tests/fixtures/spawn_crowd.ts", import.meta.url));
const [command, ...args] = runtimeCommand(file, { args: process.argv.slice(-2) });
const { stdout } = await spawn(command, args, { stdout: "pipe" }).output();
const report = new TextDecoder().decode(stdout).trim();
console.log(`  ${report}`);
process.exitCode = report === '{"wrong":[],"zombies":0,"descriptors":0,"threads":0}' ? 0 : 1;
