/**
 * Runs the one suite on the runtimes that were built for musl. In a mount namespace of its own each
 * finds the fetched loader in the place of the machine's, so that it can start itself again as on a
 * system of musl. Needs root.
 *
 *     npm run task test musl
 *     npm run task test musl -- --runtime Bun --file wait_test
 */
import { suiteFiles } from "./files.ts";
import { parseArguments } from "./kernels/arguments.ts";
import { need } from "./kernels/debian.ts";
import { fetchMusl, FOLDER, LOADER, PROGRAMS } from "./musl_builds.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { runSuite } from "./suite.ts";

const AT = "/lib/ld-musl-x86_64.so.1";
const PATHS_AT = "/etc/ld-musl-x86_64.path";

/** Puts the loader, and the list of where it looks, over the machine's own. */
const MOUNT = 'mount --bind "$1" "$2"; mount --bind "$3" "$4"; shift 4; exec "$@"';

const wanted = parseArguments(Deno.args, []);
need({ [AT]: "musl" });
fetchMusl();
const paths = `${FOLDER}/paths`;
Deno.writeTextFileSync(paths, `${FOLDER}/lib\n`);

const through = ["unshare", "-m", "sh", "-ec", MOUNT, "sh", LOADER, AT, paths, PATHS_AT];
const runtimes = Object.entries(PROGRAMS).map(([name, program]) => {
  const like = RUNTIMES.find((runtime) => runtime.name.toLowerCase().startsWith(name))!;
  const suite = [...through, program, ...like.suite.slice(1)];
  return { name: like.name.split(" ")[0], suite, file: [] };
});
const chosen = runtimes.filter(({ name }) => wanted.runtimes(name));
if (!await runSuite(chosen, suiteFiles().filter(wanted.files))) Deno.exit(1);
