/** Starts processes with its own lifetime, one after the other, until it is killed. */
import { spawn } from "../../mod.ts";

const children = [];
console.log("ready");
while (children.length < 200) {
  children.push(spawn("sleep", ["100"], { lifetime: "parent", stdout: "null" }));
  if (children.length % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}
