/** Runs the one suite on every runtime. */
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { runSuite } from "./suite.ts";

if (!await runSuite(RUNTIMES)) Deno.exit(1);
