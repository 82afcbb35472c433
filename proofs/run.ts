/**
 * Runs a long proof: `deno task proof NAME`, with what follows as its arguments. Each ends with 1
 * if it is violated.
 */
const PROOFS: Record<string, string> = {
  waiting: "waits: 10,000 at once, without memory, in Workers that are terminated",
  faults: "every operation while a system call fails once, by call and errno",
  orphans: "orphans, parents and locks",
  spawn: "the start of 10,000 processes, under signals, and of programs killed meanwhile",
  trees: "trees of up to 5,000 processes, and strangers beside them",
  model: "random steps against a model of process life; --steps N --seed S",
  wrappers: "who is left of a command when pidfd run is ended, timeout(1), tini, …; their costs",
  soak: "ten minutes of churn beside the same without this library; --minutes N --svg FILE",
  mcp: "what is left of an MCP server when its client is closed or its host killed",
  identity: "no stranger of 1,000 with the same pid is taken for the process; as root",
};

const [name = "", ...args] = Deno.args;
if (!Object.hasOwn(PROOFS, name)) {
  console.error("Usage: deno task proof NAME [RUNTIME…]");
  for (const [name, what] of Object.entries(PROOFS)) {
    console.error(`  ${name.padEnd(10)} ${what}`);
  }
  Deno.exit(2);
}
const program = ["run", "-A", "--no-lock", `proofs/${name}/prove.ts`, ...args];
const { code } = await new Deno.Command(Deno.execPath(), { args: program }).spawn().status;
Deno.exit(code);
