/** Children that the runtime or this library starts, and the exit codes that each reports. */
import { spawn as spawnByRuntime } from "node:child_process";
import { once } from "node:events";
import { spawn } from "../../mod.ts";
import { HELPER } from "./processes.ts";

/** So many run at a time: more would not be more of a test. */
const AT_ONCE = 50;

async function exitCode(code: number, isOurs: boolean): Promise<number | null> {
  const args = ["exit", `${code}`];
  if (isOurs) {
    const child = spawn(HELPER, args, { stdin: "null", stdout: "null", stderr: "null" });
    return (await child.status).code;
  }
  return (await once(spawnByRuntime(HELPER, args, { stdio: "ignore" }), "exit"))[0];
}

/**
 * Starts so many, each with a code of its own, each fourth by `spawn` of this library; returns how
 * many were reported with the right one.
 */
export async function ownChildren(count: number, block: () => void = () => {}): Promise<number> {
  let right = 0;
  for (let made = 0; made < count; made += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - made);
    const exits = Array.from({ length }, async (_, index) => {
      const code = (made + index) % 200;
      if (await exitCode(code, index % 4 === 0) === code) right++;
    });
    if (made === 0) block();
    await Promise.all(exits);
  }
  return right;
}
