/** Tool servers that start helpers which try to stay. */
import { HELPER } from "./processes.ts";

/** One that ignores SIGTERM, and a daemon: a double fork in a session of its own. */
const START_HELPERS = `
(trap "" TERM; exec "$0" pause > /dev/null) &
(setsid "$0" pause > /dev/null &)
`;

/** Answers each request with "pong", and whatever else with nothing. */
const ANSWERING = `sed -un 's/.*"id":\\([0-9]*\\).*/{"jsonrpc":"2.0","id":\\1,"result":"pong"}/p'`;

/** Ends when its input does. */
export const POLITE = ["sh", "-c", `${START_HELPERS} exec ${ANSWERING}`, HELPER];
/** Ends neither then nor by SIGTERM. */
export const STUBBORN = [
  "sh",
  "-c",
  `trap "" TERM; ${START_HELPERS} ${ANSWERING}; exec "$0" pause > /dev/null`,
  HELPER,
];
/** How many each starts. */
export const HELPERS = 2;
