/** Tool servers that start helpers which try to stay. */
import { HELPER } from "./processes.ts";

/** One that ignores SIGTERM, and a daemon: a double fork in a session of its own. */
const START_HELPERS = `
(trap "" TERM; exec "$0" pause > /dev/null) &
(setsid "$0" pause > /dev/null &)
`;

/** Answers each request with this result, and whatever else with nothing. */
function answering(result: string): string {
  return `sed -un 's/.*"id":\\([0-9]*\\).*/{"jsonrpc":"2.0","id":\\1,"result":${result}}/p'`;
}

/** Ends when its input does. */
export function polite(result = '"pong"'): string[] {
  return ["sh", "-c", `${START_HELPERS} exec ${answering(result)}`, HELPER];
}

/** Ends neither then nor by SIGTERM. */
export function stubborn(result = '"pong"'): string[] {
  const last = 'exec "$0" pause > /dev/null';
  return ["sh", "-c", `trap "" TERM; ${START_HELPERS} ${answering(result)}; ${last}`, HELPER];
}

/** How many each starts. */
export const HELPERS = 2;
