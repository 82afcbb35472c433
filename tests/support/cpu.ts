/** The CPU that runs the tests. */

const NAMES: Record<string, string> = {
  x64: "x86_64",
  arm64: "aarch64",
  arm: "armv7l",
  loong64: "loongarch64",
  ppc64: "ppc64le",
};

/** By the name that its library has, which is that of `uname -m`. */
export const CPU: string = NAMES[process.arch] ?? process.arch;
