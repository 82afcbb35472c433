/** Runs the one suite on every runtime, or on those whose names are the arguments. */
import { chosenRuntimes } from "../../scripts/runtimes.ts";
import { runSuite } from "./suite.ts";

if (!await runSuite(chosenRuntimes(Deno.args))) Deno.exit(1);
