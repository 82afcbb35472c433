/** So that Node does not remove the types and compile again in each of a thousand processes. */

const HOOK = new URL("typescript.mjs", import.meta.url).href;

/** What a runtime's processes have in their environment, to keep what they compile in a folder. */
export function nodeCache(runtime: string, folder: string): Record<string, string> {
  const cache = { NODE_COMPILE_CACHE: folder };
  return runtime === "Node 22" ? { ...cache, NODE_OPTIONS: `--import=${HOOK}` } : cache;
}
