import assert from "node:assert/strict";
import * as realFs from "node:fs";
import { basename } from "node:path";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { openUnpacked } from "../../ffi/unpack.ts";

const BYTES = new TextEncoder().encode("not really a library");
/** A user that is not us. */
const NOBODY = 65534;

/**
 * What somebody else does while a library is unpacked, by the name of the call after which it
 * happens.
 */
interface Meanwhile {
  /** The directory was made. */
  mkdtempSync?: (directory: string) => void;
  /** The directory was looked at. */
  fstatSync?: (directory: string) => void;
}

interface Unpacked {
  /** What was loaded, where something was. */
  loaded: string[];
  /** Why not, where nothing was. */
  error: string;
}

/**
 * Unpacks while somebody else is quick enough to come in between; real files, but for the moment at
 * which it happens.
 */
function unpack(meanwhile: Meanwhile): Unpacked {
  const directories: string[] = [];
  const fs = {
    ...realFs,
    mkdtempSync(prefix: string) {
      const directory = realFs.mkdtempSync(prefix);
      directories.push(directory);
      meanwhile.mkdtempSync?.(directory);
      return directory;
    },
    fstatSync(fd: number) {
      const stat = realFs.fstatSync(fd);
      meanwhile.fstatSync?.(directories.at(-1)!);
      return stat;
    },
  };
  const { getBuiltinModule } = process;
  process.getBuiltinModule =
    ((name: string) =>
      name === "node:fs" ? fs : getBuiltinModule.call(process, name as "node:os")) as never;
  const loaded: string[] = [];
  try {
    openUnpacked(BYTES, (path) => loaded.push(realFs.readFileSync(path, "utf8")));
    return { loaded, error: "" };
  } catch (error) {
    return { loaded, error: (error as Error).message };
  } finally {
    process.getBuiltinModule = getBuiltinModule;
    for (const path of directories) realFs.rmSync(path, { recursive: true, force: true });
  }
}

/** A folder of the other one, with a file in it that must stay as it is. */
function withBait(action: (bait: string, folder: string) => void): void {
  const folder = realFs.mkdtempSync(`${tmpdir()}/pidfd-test-`);
  const bait = `${folder}/bait`;
  realFs.writeFileSync(bait, "planted");
  try {
    action(bait, folder);
    assert.equal(realFs.readFileSync(bait, "utf8"), "planted");
    assert.deepEqual(realFs.readdirSync(folder), ["bait"]);
  } finally {
    realFs.rmSync(folder, { recursive: true });
  }
}

/** The file that is going to be written into this directory. */
const fileIn = (directory: string) => `${directory}/${basename(directory)}.node`;

test("unpacking loads what it was given, and leaves nothing behind", () => {
  const made: string[] = [];
  const { loaded } = unpack({ mkdtempSync: (directory) => made.push(directory) });
  assert.deepEqual(loaded, ["not really a library"]);
  assert.deepEqual(made.map((directory) => realFs.existsSync(directory)), [false]);
});

test("unpacking refuses a file that was planted", () => {
  const planted: string[] = [];
  const { loaded, error } = unpack({
    mkdtempSync(directory) {
      realFs.writeFileSync(fileIn(directory), "planted");
      planted.push(directory);
    },
  });
  assert.deepEqual(loaded, []);
  assert.match(error, /^no directory takes the library: .*EEXIST/);
  assert.ok(planted.length > 1, "it tries the other directories");
});

test("unpacking refuses a symbolic link in the place of the file, and does not write through it", () =>
  withBait((bait) => {
    const { loaded, error } = unpack({
      mkdtempSync: (directory) => realFs.symlinkSync(bait, fileIn(directory)),
    });
    assert.deepEqual(loaded, []);
    assert.match(error, /EEXIST/);
  }));

test("unpacking refuses a symbolic link in the place of the directory", () =>
  withBait((_, folder) => {
    const { loaded, error } = unpack({
      mkdtempSync(directory) {
        realFs.rmdirSync(directory);
        realFs.symlinkSync(folder, directory);
      },
    });
    assert.deepEqual(loaded, []);
    assert.match(error, /ENOTDIR|ELOOP/);
  }));

test(
  "unpacking refuses a directory of another user",
  { skip: process.geteuid!() === 0 ? false : "only root can give a directory away" },
  () => {
    const { loaded, error } = unpack({
      mkdtempSync: (directory) => realFs.chownSync(directory, NOBODY, NOBODY),
    });
    assert.deepEqual(loaded, []);
    assert.match(error, /is not the private directory that was made/);
  },
);

test("unpacking refuses a directory that others may enter", () => {
  const { loaded, error } = unpack({
    mkdtempSync: (directory) => realFs.chmodSync(directory, 0o711),
  });
  assert.deepEqual(loaded, []);
  assert.match(error, /is not the private directory that was made/);
});

test("unpacking is not misled by a directory that takes the place of its own", () => {
  const moved: string[] = [];
  try {
    const { loaded } = unpack({
      fstatSync(directory) {
        realFs.renameSync(directory, `${directory}-moved`);
        moved.push(`${directory}-moved`);
        realFs.mkdirSync(directory);
        realFs.writeFileSync(fileIn(directory), "planted");
      },
    });
    assert.deepEqual(loaded, ["not really a library"]);
    assert.equal(moved.length, 1, "it was done");
    assert.deepEqual(moved.flatMap((directory) => realFs.readdirSync(directory)), []);
  } finally {
    for (const directory of moved) realFs.rmSync(directory, { recursive: true });
  }
});
