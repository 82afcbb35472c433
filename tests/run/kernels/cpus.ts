/**
 * Boots other CPUs under qemu: the library's own tests, and the suite on every runtime that exists
 * for the CPU.
 *
 *     npm run task test cpus                        every CPU
 *     npm run task test cpus -- s390x --file wait_test
 */
import { parseArguments } from "./arguments.ts";
import { join } from "./archive.ts";
import { Debian, need } from "./debian.ts";
import { foreignBase } from "./foreign.ts";
import { fetchKernel } from "./kernel.ts";
import { boot } from "./machine.ts";
import { plan, testFiles } from "./plan.ts";
import { project } from "./root.ts";
import { run } from "./run.ts";
import { runSuite, type Source } from "./suite.ts";
import { runInUserMode } from "./user_mode.ts";
import { RUNTIMES } from "../../../scripts/runtimes.ts";

/** How a CPU is emulated; the name is that of `uname -m`. */
interface Cpu {
  architecture: string;
  qemu: string[];
  console: string;
  runtimes: string[];
}

const CPUS: Record<string, Cpu> = {
  aarch64: {
    architecture: "arm64",
    qemu: ["qemu-system-aarch64", "-machine", "virt", "-cpu", "max,pauth-impdef=on"],
    console: "ttyAMA0",
    runtimes: ["Deno", "Bun", "Node 24"],
  },
  riscv64: {
    architecture: "riscv64",
    qemu: ["qemu-system-riscv64", "-machine", "virt"],
    console: "ttyS0",
    runtimes: ["Node 24"],
  },
  ppc64le: {
    architecture: "ppc64el",
    qemu: ["qemu-system-ppc64le", "-machine", "pseries", "-vga", "none"],
    console: "hvc0",
    runtimes: ["Node 24"],
  },
  s390x: {
    architecture: "s390x",
    qemu: ["qemu-system-s390x", "-machine", "s390-ccw-virtio", "-cpu", "max"],
    console: "ttysclp0",
    runtimes: ["Node 24"],
  },
  armv7l: {
    architecture: "armhf",
    // What 32 bits can address without more.
    qemu: ["qemu-system-arm", "-machine", "virt", "-cpu", "max", "-m", "2048"],
    console: "ttyAMA0",
    runtimes: ["Node 24"],
  },
};

/**
 * Debian's kernel for it is an EFI program, which this qemu can't start: only the library's own
 * tests run.
 */
const IN_USER_MODE: Record<string, string> = { loongarch64: "qemu-loongarch64" };

const NEEDED = {
  busybox: "busybox-static",
  cpio: "cpio",
  "qemu-system-aarch64": "qemu-system-arm",
  "qemu-system-riscv64": "qemu-system-misc",
  "qemu-system-ppc64le": "qemu-system-ppc",
  "qemu-loongarch64": "qemu-user",
  "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin": "opensbi",
};

const { names, runtimes, files, limit } = parseArguments(Deno.args, [""]);
need(NEEDED);
run("sh", ["../scripts/zig.sh", "build", "cpus"], { cwd: "zig" });

function inUserMode(name: string): Source {
  const program = `zig/zig-out/bin/${name}/test`;
  return { name: `${name} (user mode)`, lines: () => runInUserMode(IN_USER_MODE[name], program) };
}

function inMachine(name: string): Source {
  const cpu = CPUS[name];
  const debian = new Debian(cpu.architecture);
  const { version, image } = fetchKernel(debian, "newest");
  const own = RUNTIMES.filter((runtime) =>
    cpu.runtimes.includes(runtime.name) && runtimes(runtime.name)
  );
  const zig = { name: "Zig", suite: ["/pidfd/zig/zig-out/bin/test"], file: [] };
  const script = plan([zig], [""], limit) + plan(own, testFiles(files), limit);
  const machine = {
    qemu: [...cpu.qemu, "-accel", "tcg,thread=multi"],
    console: cpu.console,
    kernel: image,
    // Debian builds Node without TypeScript.
    initrd: () => join([foreignBase(debian), project(script, name)]),
    limitMs: 3_600_000,
  };
  return { name: `${name} ${version}`, lines: () => boot(machine) };
}

const all = [...Object.keys(CPUS), ...Object.keys(IN_USER_MODE)];
const sources = (names.length > 0 ? names : all)
  .map((name) => name in IN_USER_MODE ? inUserMode(name) : inMachine(name));
if (!(await runSuite(sources, ["Zig", "Deno", "Bun", "Node 24"]))) Deno.exit(1);
