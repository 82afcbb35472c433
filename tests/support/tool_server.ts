/** Tool servers that start helpers which try to stay. */
import { HELPER } from "./processes.ts";

/** One that ignores SIGTERM, and a daemon: a double fork in a session of its own. */
const START_HELPERS = `
(trap "" TERM; exec "$0" pause > /dev/null) &
(setsid "$0" pause > /dev/null &)
`;

/** Answers each request with this result, and whatever else with nothing. */
function answering(result: string): string {
  return `
while IFS= read -r line; do
  id=\${line##*'"id":'}
  [ "$id" = "$line" ] && continue
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n' "\${id%%[!0-9]*}" '${result}'
done
`;
}

/** Ends when its input does. */
export function polite(result = '"pong"'): string[] {
  return ["sh", "-c", `${START_HELPERS} ${answering(result)}`, HELPER];
}

/** Ends neither then nor by SIGTERM. */
export function stubborn(result = '"pong"'): string[] {
  const last = 'exec "$0" pause > /dev/null';
  return ["sh", "-c", `trap "" TERM; ${START_HELPERS} ${answering(result)} ${last}`, HELPER];
}

/** How many each starts. */
export const HELPERS = 2;
