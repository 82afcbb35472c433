/**
 * What has to be done when the program ends by itself: by `process.exit()`, by an uncaught error, or with nothing left to do.
 *
 * @module
 */
import { runtime } from "./runtime.ts";

const actions = new Set<() => void>();

let isListening = false;

/** Does something when the program ends, unless the answer was called before. A signal that ends it leaves no time for it. */
export function atExit(action: () => void): () => void {
  actions.add(action);
  // One listener for all: Node warns of more than ten.
  if (!isListening) listen(() => actions.forEach((action) => action()));
  isListening = true;
  return () => void actions.delete(action);
}

/** In Deno the first use of `process` costs 20 ms. */
function listen(onExit: () => void): void {
  if (runtime.Deno) globalThis.addEventListener("unload", onExit);
  else runtime.process.on("exit", onExit);
}
