import { readFileSync } from "node:fs";

/** Whether this runtime was built for musl: it has no library by the name of glibc's. */
export const isMusl: boolean = !/\/libc\.so\.6\n/.test(readFileSync("/proc/self/maps", "latin1"));
