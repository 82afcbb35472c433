import { readFileSync } from "node:fs";

/** Whether this runtime was built for musl, told by the loader that is mapped. */
export const isMusl: boolean = /\/ld-musl-/.test(readFileSync("/proc/self/maps", "latin1"));
