/**
 * Boots other kernels under qemu, and runs the suite on every runtime in each.
 *
 *     npm run task test kernels                              every kernel, on Deno, Bun and Node 24
 *     npm run task test kernels -- 5.10 newest               these kernels
 *     npm run task test kernels -- 6.12 --runtime Bun --file wait_test
 */
import { parseArguments } from "./arguments.ts";
import { Debian, need } from "./debian.ts";
import { fetchKernel } from "./kernel.ts";
import { boot } from "./machine.ts";
import { runSuite } from "./suite.ts";
import { ownBase, project } from "./root.ts";
import { RUNTIMES } from "../../../scripts/runtimes.ts";
import { join } from "./archive.ts";
import { plan, testFiles } from "./plan.ts";

/**
 * Each brought something that the library uses, or is what many people run; and the newest that can
 * be had.
 */
const KERNELS = ["5.10", "6.1", "6.12", "6.16", "7.0", "newest"];

/** Without `--runtime`: one line of Node stands for the others, which would double the time. */
const RUNTIME_NAMES = ["Deno", "Bun", "Node 24"];

const { names, runtimes, files, limit } = parseArguments(Deno.args, RUNTIME_NAMES);
need({ "qemu-system-x86_64": "qemu-system-x86", busybox: "busybox-static", cpio: "cpio" });
const debian = new Debian("amd64");
const chosen = RUNTIMES.filter(({ name }) => runtimes(name));
const initrd = () => join([ownBase(), project(plan(chosen, testFiles(files), limit))]);
const sources = (names.length > 0 ? names : KERNELS).map((line) => {
  const { version, image } = fetchKernel(debian, line);
  const machine = {
    qemu: ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max"],
    console: "ttyS0",
    kernel: image,
    initrd,
    limitMs: 3_600_000,
  };
  return { name: version, lines: () => boot(machine) };
});
if (!(await runSuite(sources, chosen.map(({ name }) => name)))) Deno.exit(1);
