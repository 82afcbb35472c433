/** Finds and fetches Debian's kernels. */
import { CACHE, type Debian } from "./debian.ts";
import { run } from "./run.ts";

/** A kernel that can be booted. */
export interface Kernel {
  /** Its whole version, as its package spells it: "6.12.117+deb13". */
  version: string;
  /** The file that qemu takes. */
  image: string;
}

/** What Debian calls the kernel that boots in a virtual machine without modules. */
const FLAVOURS: Record<string, string> = {
  amd64: "cloud-amd64",
  arm64: "cloud-arm64",
  armhf: "armmp",
  loong64: "loong64",
  ppc64el: "powerpc64le",
  riscv64: "riscv64",
  s390x: "s390x",
};

/** Later kernels come in a package of their own, and linux-image is only a stub beside it. */
const NAME = /^linux-(image|binary)-(\d+\.\d+[^-]*(?:-\d+)?)-/;

function parts(version: string): number[] {
  return version.split(/\D+/).map(Number);
}

function compare(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The newest kernel of a line ("6.12"), or of all ("newest"). */
export function fetchKernel(debian: Debian, line: string): Kernel {
  const flavour = FLAVOURS[debian.architecture];
  const wanted = line === "newest" ? "[0-9]" : `${line.replace(".", "\\.")}[.+-]`;
  const names = debian.search(`^linux-(image|binary)-${wanted}.*-${flavour}$`)
    .filter((name) => NAME.exec(name)?.[0] + flavour === name);
  const versionOf = (name: string) => NAME.exec(name)![2];
  const newest = names.map(versionOf).sort(compare).at(-1);
  if (!newest) throw new Error(`Debian has no kernel ${line} for ${debian.architecture} now`);
  const candidates = names.filter((name) => versionOf(name) === newest).sort();
  return { version: newest, image: image(debian, candidates) };
}

/** linux-binary, where there is one, comes first. */
function image(debian: Debian, candidates: string[]): string {
  for (const name of candidates) {
    const folder = `${CACHE}/kernels/${name}`;
    Deno.mkdirSync(folder, { recursive: true });
    const find = () => run("find", [folder, "-name", "vmlinu[xz]*", "-type", "f"]).split("\n")[0];
    if (!find()) {
      debian.unpack(name, folder);
      // Modules are not needed: what these tests use is built in.
      run("find", [folder, "-name", "*.ko*", "-delete"]);
    }
    if (find()) return find();
  }
  throw new Error(`no kernel image in ${candidates.join(", ")}`);
}
