/**
 * The syscall numbers: right for the CPU by themselves, to be read, and to be replaced.
 *
 * @module
 */
import { checkInteger, show } from "../kernel/arguments.ts";
import { check } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { forgetFeatures } from "./features.ts";

/** The calls whose number can be read and replaced. */
export interface SyscallNumbers {
  /** pidfd_send_signal(2): 424 on every CPU that the library is built for. */
  readonly pidfd_send_signal: number;
  /** pidfd_open(2): 434 on every CPU that the library is built for. */
  readonly pidfd_open: number;
  /** waitid(2): 247 on x86_64, 95 on aarch64, and so on. */
  readonly waitid: number;
  /** pidfd_getfd(2): 438 on every CPU that the library is built for. */
  readonly pidfd_getfd: number;
  /** process_madvise(2): 440. */
  readonly process_madvise: number;
  /** process_mrelease(2): 448. */
  readonly process_mrelease: number;
}

const NAMES = [
  "pidfd_send_signal",
  "pidfd_open",
  "waitid",
  "pidfd_getfd",
  "process_madvise",
  "process_mrelease",
] as const;

/**
 * The syscall numbers in use: those of this CPU, unless they were replaced.
 *
 * @throws {PidfdError} `ENOSYS` where the native library can't be loaded.
 *
 * @example Read them
 * ```ts
 * import { syscallNumbers } from "@x/pidfd";
 *
 * console.log(syscallNumbers().pidfd_open); // 434
 * ```
 */
export function syscallNumbers(): SyscallNumbers {
  const record = read();
  return Object.fromEntries(NAMES.map((name) => [name, record.number(name)])) as never;
}

/**
 * Replaces syscall numbers: for a kernel that differs, and to test what a program does where a call
 * is missing (a number that no call has, such as 60000, answers ENOSYS). {@linkcode features} is
 * found out anew afterwards.
 *
 * The numbers belong to the loaded library, which Workers may share with the main thread.
 *
 * @param numbers The numbers to replace, each an integer from 0 to 2147483647; the others stay.
 * @returns What takes this back, by `Symbol.dispose`; other overrides stay in force.
 * @throws {TypeError} If `numbers` is no object, has an unknown name, or a value that is no number.
 * @throws {RangeError} If a value is outside that range.
 *
 * @example Make a call fail, and put it back
 * ```ts
 * import { overrideSyscallNumbers, Pidfd } from "@x/pidfd";
 *
 * const override = overrideSyscallNumbers({ pidfd_open: 60000 });
 * console.log(Pidfd.supported); // false
 * override[Symbol.dispose]();
 * console.log(Pidfd.supported); // true
 * ```
 */
export function overrideSyscallNumbers(numbers: Partial<SyscallNumbers>): Disposable {
  const action = "override syscall numbers";
  if (typeof numbers !== "object" || numbers === null) {
    throw new TypeError(`Cannot ${action}: "numbers" must be an object: ${show(numbers)}`);
  }
  // Read once: what is checked is what is written.
  const wanted = { ...numbers };
  for (const [name, value] of Object.entries(wanted)) {
    if (!NAMES.includes(name as never)) {
      throw new TypeError(`Cannot ${action}: there is no number of this name: ${show(name)}`);
    }
    checkInteger(action, name, value, 0);
  }
  if (inForce.size === 0) before = syscallNumbers();
  inForce.add(wanted);
  writeInForce();
  return {
    [Symbol.dispose]() {
      if (inForce.delete(wanted)) writeInForce();
    },
  };
}

/** What this thread has asked for and not taken back, the oldest first. */
const inForce = new Set<Partial<SyscallNumbers>>();

/** The numbers in use before the first of them. */
let before: SyscallNumbers;

/** The later one counts where two replace one number, in whatever order they are taken back. */
function writeInForce(): void {
  write(Object.assign({}, before, ...inForce));
}

function read(): NativeRecord<"NumbersRecord"> {
  const record = new NativeRecord("NumbersRecord");
  check(native().numbers(0, record.bytes), "dlopen");
  return record;
}

function write(numbers: SyscallNumbers): void {
  const record = new NativeRecord("NumbersRecord");
  for (const name of NAMES) record.set(name, numbers[name]);
  check(native().replace_numbers(record.bytes), "dlopen");
  forgetFeatures();
}
