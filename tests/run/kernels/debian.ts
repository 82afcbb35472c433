/**
 * Debian's packages of any suite and architecture: apt with lists and a cache of its own reads them
 * from the mirror that this machine uses anyway. Nothing of them is installed; they are unpacked
 * into a folder.
 */
import { run } from "./run.ts";

/** Where downloads stay, so that a second run needs no network. */
export const CACHE = new URL("../../../.tools/kernels", import.meta.url).pathname;

/** From the oldest to the newest; a suite that the mirror lacks for an architecture is left out. */
const SUITES = [
  "bullseye",
  "bookworm",
  "bookworm-backports",
  "trixie",
  "trixie-backports",
  "sid",
  "experimental",
];

/** What apt is told, so that it neither reads nor changes anything of this machine's own. */
function options(architecture: string): string[] {
  const folder = `${CACHE}/apt-${architecture}`;
  return Object.entries({
    "Dir::Etc::sourcelist": `${folder}/sources.list`,
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State::lists": `${folder}/lists`,
    "Dir::State::status": "/dev/null",
    "Dir::Cache": `${folder}/cache`,
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
  }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** The mirror of the machine's own Debian suites. */
function mirror(): string {
  const format = "$(ORIGIN)|$(LABEL)|$(SITE)";
  const sites = run("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
  const line = sites.split("\n").find((line) => line.startsWith("Debian|Debian|"));
  if (!line) throw new Error("apt has no mirror of Debian: run apt-get update");
  return line.split("|")[2];
}

/** Installs what is missing of Debian's packages, each known by a program that it brings. */
export function need(programs: Record<string, string>): void {
  const missing = Object.entries(programs)
    .filter(([program]) => !run("sh", ["-c", `command -v ${program} || true`]).trim())
    .map(([, name]) => name);
  if (missing.length === 0) return;
  console.log(`installing ${missing.join(", ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"]);
  run("apt-get", ["install", "-qq", "-y", "--no-install-recommends", ...missing], { env });
}

/** The packages of one architecture. */
export class Debian {
  readonly architecture: string;
  readonly #options: string[];
  readonly #folder: string;

  /** Reads the lists of every suite, at most once a day. */
  constructor(architecture: string) {
    this.architecture = architecture;
    this.#folder = `${CACHE}/apt-${architecture}`;
    this.#options = options(architecture);
    if (!this.#isFresh()) this.#update();
  }

  /** The names of all packages that match, in no order. */
  search(pattern: string): string[] {
    const found = run("apt-cache", [...this.#options, "search", "--names-only", pattern]);
    return found.split("\n").filter(Boolean).map((line) => line.split(" ")[0]);
  }

  /** A package and all that it depends on, without what it merely recommends. */
  closure(name: string): string[] {
    const install = ["-s", "--no-install-recommends", "install", name];
    const plan = run("apt-get", [...this.#options, ...install]);
    return [...plan.matchAll(/^Inst (\S+)/gm)].map(([, found]) => found);
  }

  /** Unpacks a package into a folder, downloading it at most once. */
  unpack(name: string, into: string): void {
    const folder = `${CACHE}/packages-${this.architecture}/${name}`;
    Deno.mkdirSync(folder, { recursive: true });
    if ([...Deno.readDirSync(folder)].length === 0) {
      run("apt-get", [...this.#options, "-qq", "download", name], { cwd: folder });
    }
    const [{ name: file }] = [...Deno.readDirSync(folder)];
    run("dpkg-deb", ["-x", `${folder}/${file}`, into]);
  }

  #isFresh(): boolean {
    try {
      const { mtime } = Deno.statSync(`${this.#folder}/updated`);
      return Date.now() - mtime!.getTime() < 24 * 3600 * 1000;
    } catch {
      return false;
    }
  }

  /** A suite without this architecture is no error: apt reads the others. */
  #update(): void {
    Deno.mkdirSync(`${this.#folder}/lists/partial`, { recursive: true });
    Deno.mkdirSync(`${this.#folder}/cache/archives/partial`, { recursive: true });
    const site = mirror();
    const key = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg";
    const lines = SUITES.map((suite) => `deb [${key}] ${site} ${suite} main\n`);
    Deno.writeTextFileSync(`${this.#folder}/sources.list`, lines.join(""));
    run("apt-get", [...this.#options, "-qq", "update"], { mayFail: true });
    Deno.writeTextFileSync(`${this.#folder}/updated`, "");
  }
}
