/** Prints the milliseconds from before the import until the first handle is open. */
const start = performance.now();
const { Pidfd } = await import("../mod.ts");
const handle = Pidfd.self();
console.log(performance.now() - start);
handle.close();
