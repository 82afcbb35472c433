/**
 * Calls the native library through its Node-API door, as a native add-on of Node.
 *
 * @module
 */
import { runtime } from "./runtime.ts";
import type { Adapter, Native } from "./native.ts";
import { listenByNodeSocket } from "./socket.ts";
import { openUnpacked } from "./unpack.ts";

function open(path: string): Native {
  const module = { exports: {} };
  runtime.process.dlopen(module, path);
  return module.exports as Native;
}

/** The adapter for Node. */
export const node: Adapter = {
  open,
  openBytes: (bytes) => openUnpacked(bytes, open),
  listen: listenByNodeSocket,
};
