/**
 * Calls the native library through its Node-API door, as a native add-on of Node.
 *
 * @module
 */
import { isSecureByFile } from "./auxiliary.ts";
import { runtime } from "./runtime.ts";
import type { Adapter, Native } from "./native.ts";
import { listenByNodeSocket } from "./socket.ts";
import { openUnpacked } from "./unpack.ts";

function open(path: string): Native {
  const addon = { exports: {} };
  runtime.process.dlopen(addon, path);
  return addon.exports as Native;
}

/**
 * Through a file of this user. Where the program has capabilities of its file, that is also the user
 * who has started it, and who could put another file in its place.
 */
function openBytes(bytes: Uint8Array): Native {
  const { process } = runtime;
  if (process.geteuid() === process.getuid() && process.geteuid() !== 0 && isSecureByFile()) {
    throw new Error(
      "this program runs with more rights than its user, who could replace a file that it writes: " +
        "name the library's own file by loadLibrary()",
    );
  }
  return openUnpacked(bytes, open);
}

/** The adapter for Node. */
export const node: Adapter = {
  open,
  openBytes,
  isSecure: isSecureByFile,
  listen: listenByNodeSocket,
};
