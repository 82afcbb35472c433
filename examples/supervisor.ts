/**
 * Keeps services running: `supervisor.ts FOLDER`, where services.json has their commands, as `{
 * "web": ["node", "web.js"] }`. SIGTERM ends the supervisor alone; the next one finds its services
 * again. SIGINT (Ctrl-C) ends the services too.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import process from "node:process";
import { killTree, Pidfd, spawn } from "../mod.ts";

const [folder] = process.argv.slice(2);
const commands: Record<string, string[]> = JSON.parse(
  readFileSync(`${folder}/services.json`, "utf8"),
);
const running = new Map<string, Pidfd>();
let isStopping = false;

/**
 * The service as an earlier supervisor left it; null if it has exited since, also if its pid was
 * reused.
 */
function find(name: string): Pidfd | null {
  let identity: string;
  try {
    identity = readFileSync(`${folder}/${name}.identity`, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return Pidfd.reopen(identity);
}

/** It leads a session, and has none of our pipes: so it outlives this process. */
function start(name: string): Pidfd {
  const [command, ...args] = commands[name];
  const streams = { stdin: "null", stdout: "null", stderr: "null" } as const;
  const { handle: service } = spawn(command, args, { session: true, ...streams });
  const path = `${folder}/${name}.identity`;
  // A reader finds the old identity or the new one, never a half of one.
  writeFileSync(`${path}.new`, String(service.identity()));
  renameSync(`${path}.new`, path);
  return service;
}

async function supervise(name: string): Promise<void> {
  let service = find(name);
  if (service) console.log(`${name}: found again as ${service.pid}`);
  for (;;) {
    if (!service) {
      service = start(name);
      console.log(`${name}: started as ${service.pid}`);
    }
    running.set(name, service);
    await service.exited;
    if (isStopping) return;
    running.delete(name);
    service.close();
    service = null;
    // One that fails at once would else be started again at full speed.
    await new Promise((next) => setTimeout(next, 1000));
  }
}

process.once("SIGTERM", () => process.exit());
process.once("SIGINT", async () => {
  isStopping = true;
  await Promise.all([...running.values()].map((service) => killTree(service, { graceMs: 5000 })));
  process.exit();
});
for (const name of Object.keys(commands)) supervise(name);
