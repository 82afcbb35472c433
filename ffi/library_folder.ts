/**
 * The folder whose `lib` has the library's files.
 *
 * @module
 */

let folder: string | undefined = import.meta.dirname;

/** Undefined where it is not known: in a bundle, and where this module came over the network. */
export function libraryFolder(): string | undefined {
  return folder;
}

/**
 * Sets it for the npm package, whose implementation is no module of any kind and does not know where
 * it lies; its entry points do. The first one holds.
 */
export function setLibraryFolder(path: string | undefined): void {
  folder ??= path;
}
