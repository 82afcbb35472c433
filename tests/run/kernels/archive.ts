/**
 * The root file system of a virtual machine: cpio archives that qemu hands to the kernel, one
 * behind the other.
 */
import { CACHE } from "./debian.ts";
import { run } from "./run.ts";

/** A folder that becomes an archive. */
export class Archive {
  readonly folder: string;
  readonly file: string;

  /** An empty one. */
  constructor(name: string) {
    this.folder = `${CACHE}/archives/${name}`;
    this.file = `${this.folder}.cpio`;
    run("rm", ["-rf", this.folder, this.file]);
    Deno.mkdirSync(this.folder, { recursive: true });
  }

  /** Copies a file, through symbolic links. */
  copy(from: string, to: string): void {
    const target = `${this.folder}${to}`;
    Deno.mkdirSync(target.replace(/[^/]*$/, ""), { recursive: true });
    run("cp", ["-L", "--preserve=mode", from, target]);
  }

  /** A file with that text. */
  write(to: string, text: string, mode = 0o644): void {
    const target = `${this.folder}${to}`;
    Deno.mkdirSync(target.replace(/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(target, text, { mode });
  }

  /** An empty folder, or several. */
  folders(...names: string[]): void {
    for (const name of names) Deno.mkdirSync(`${this.folder}${name}`, { recursive: true });
  }

  /** A symbolic link, unless there is something already. */
  link(target: string, name: string): void {
    const path = `${this.folder}${name}`;
    Deno.mkdirSync(path.replace(/[^/]*$/, ""), { recursive: true });
    run("sh", ["-c", '[ -e "$2" ] || [ -L "$2" ] || ln -s "$1" "$2"', "sh", target, path]);
  }

  /** Not compressed: a kernel under emulation copies faster than it unpacks. */
  pack(): string {
    const pack = `find . | cpio --quiet -o -H newc > ${this.file}`;
    run("sh", ["-c", pack], { cwd: this.folder });
    run("rm", ["-rf", this.folder]);
    return this.file;
  }
}

/** One initial RAM file system out of several archives: a new file, which is the caller's. */
export function join(files: string[]): string {
  const joined = Deno.makeTempFileSync({ dir: CACHE, prefix: "initrd-" });
  // Each archive must begin at a multiple of four bytes; cpio pads to 512.
  run("sh", ["-c", 'out=$1; shift; cat "$@" > "$out"', "sh", joined, ...files]);
  return joined;
}
