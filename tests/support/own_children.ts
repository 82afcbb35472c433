/** Children that the runtime starts by its own means, and what it says of them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { HELPER } from "./processes.ts";

/** So many run at a time: more would not be more of a test. */
const AT_ONCE = 50;

/** Starts so many, each with a code of its own; answers of how many the runtime told the right one. */
export async function ownChildren(count: number, block: () => void = () => {}): Promise<number> {
  let right = 0;
  for (let made = 0; made < count; made += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - made);
    const exits = Array.from({ length }, async (_, index) => {
      const code = (made + index) % 200;
      const child = spawn(HELPER, ["exit", `${code}`], { stdio: "ignore" });
      const [told] = await once(child, "exit");
      if (told === code) right++;
    });
    if (made === 0) block();
    await Promise.all(exits);
  }
  return right;
}
