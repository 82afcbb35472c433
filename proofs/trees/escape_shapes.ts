/** The trees that try to escape, see zig/helper/escape.zig. */
import { type EscapeCommand, escaping, shellLoop } from "../../tests/support/escape.ts";
import { HELPER, run } from "../../tests/support/processes.ts";
import { room } from "./surroundings.ts";

/** A tree, and what must hold of it. */
export interface Shape {
  name: string;
  command: EscapeCommand;
  rounds: number;
  /**
   * "certain": nobody may be left. "honest": the report has to name who is left, or to say that it
   * is not settled. "outside": the one that runs lost its parent before the call, and shares no
   * session with the root; so it is not of the tree, as the docs say, and is only counted.
   */
  expectation: "certain" | "honest" | "outside";
}

function certain(
  rounds: number,
  shape: string,
  count: number,
  behaviours: string[] = [],
  delayUs = 0,
): Shape {
  const delay = delayUs > 0 ? [`each ${delayUs} µs`] : [];
  const name = [shape, count, ...behaviours, ...delay].join(" ");
  return {
    name,
    command: escaping(shape, count, behaviours, delayUs),
    rounds,
    expectation: "certain",
  };
}

/** Parents that exit at once, and children of the root that are not its own, can't be followed. */
function chain(
  expectation: "honest" | "outside",
  count: number,
  ...behaviours: string[]
): Shape {
  return { ...certain(20, "chain", count, behaviours), expectation };
}

/** All of them, but those that this system can't make. */
export async function shapes(bystanders: number): Promise<Shape[]> {
  // More than are forked until they are ended. Each fork in a chain of living parents copies more
  // of what the kernel keeps of its ancestors' memory (anon_vma), so a longer chain would be
  // slower.
  const endless = Math.min(2000, room() - bystanders);
  const { code } = await run(HELPER, ["can-set-tid"]);
  if (code !== 0) console.log("  without set-tid: clone3(2) takes no set_tid here");
  return [
    certain(100, "chain", 600),
    certain(100, "chain", 600, ["setsid"]),
    certain(100, "chain", 600, [], 1000),
    certain(100, "chain", 600, ["setsid"], 1000),
    { name: "shell loop", command: shellLoop, rounds: 100, expectation: "certain" },
    certain(20, "chain", endless),
    certain(20, "chain", endless, ["setsid"]),
    certain(20, "chain", endless, ["root-session"]),
    certain(20, "chain", endless, ["root-session", "setsid"]),
    certain(20, "chain", 600, ["sigdfl"]),
    certain(20, "chain", 600, ["thread"]),
    ...(code === 0 ? [certain(20, "chain", 600, ["set-tid"])] : []),
    certain(20, "restart", 20),
    certain(20, "restart", 20, ["sigdfl"]),
    certain(20, "bomb", 300),
    certain(20, "vfork", 20),
    certain(20, "sigcont-exit", 300),
    certain(20, "sigcont-death", 300),
    certain(20, "sigcont-timer", 300),
    certain(20, "sigcont-child", 300),
    chain("outside", 20_000, "exit"),
    chain("outside", 20_000, "exit", "setsid"),
    chain("honest", 20_000, "exit", "root-session"),
    chain("honest", 600, "clone-parent"),
  ];
}
