/** Which files the suite has. */

/** The tests of a folder and of those below it, by their paths from the top. */
function testsIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)]
    .flatMap(({ name, isDirectory }) => {
      const path = `${folder}/${name}`;
      if (isDirectory) return testsIn(path);
      return name.endsWith("_test.ts") ? [path] : [];
    })
    .sort();
}

/** What looks at the package as a user gets it, and what only other kernels run. */
const OTHERS = /^tests\/(package|consumers|kernels)\//;

/** The suite, which each runtime runs. */
export function suiteFiles(): string[] {
  return testsIn("tests").filter((path) => !OTHERS.test(path));
}

/** What runs on other kernels: the suite, and what is about other kernels alone. */
export function filesForKernels(): string[] {
  return [...suiteFiles(), ...testsIn("tests/kernels")];
}
