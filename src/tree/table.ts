/**
 * The native table of a tree: a row for each member, in the order of the members.
 * zig/src/tree/tree.zig fills it, and says what a row's flags mean.
 *
 * @module
 */
import { RECORDS, TREE_ANSWERS, TREE_FLAGS, TREE_OPTIONS } from "../../ffi/symbols.ts";
import { slotOfThread } from "../handle/descriptor.ts";
import { EMFILE, ENFILE, ENOMEM } from "../kernel/constants.ts";
import { check } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord, sizeOf } from "../kernel/record.ts";

/** What the native functions answer. */
export type TreeAnswer = (typeof TREE_ANSWERS)[keyof typeof TREE_ANSWERS];

type TreeFields = ReturnType<typeof RECORDS.TreeRow>["fields"];

/** A row's flag. */
export type TreeFlag = keyof typeof TREE_FLAGS;

/** What a call is asked for. */
export type TreeOption = keyof typeof TREE_OPTIONS;

/** A member as the table has it. */
type TreeRow = NativeRecord<"TreeRow">;

/** What members leave behind that end while it is not known whom they have as children. */
export interface Lost {
  /** The earliest moment at which such a child can have been born, in clock ticks since boot. */
  readonly since: number;
  /** Whether all of these members were seen standing before, with all of their children. */
  readonly wereKnown: boolean;
}

/** How many rows there is room for at first; a power of two. */
const FIRST_CAPACITY = 32;

/** Two places of the index for each row, of 32 bits each. */
const INDEX = 8;

/** One tree's. */
export class TreeTable {
  readonly #headerSize = sizeOf("TreeRecord");
  readonly #rowSize = sizeOf("TreeRow");
  readonly #fields = RECORDS.TreeRow().fields;
  #header!: NativeRecord<"TreeRecord">;
  #words!: Uint32Array;

  constructor() {
    this.#take(new Uint8Array(this.#sizeFor(FIRST_CAPACITY)));
    this.#header.set("capacity", FIRST_CAPACITY);
    this.#header.set("top", 0xFFFFFFFF);
    this.#header.set("slot", slotOfThread());
  }

  /** How many rows are filled. */
  get count(): number {
    return this.#header.number("count");
  }

  /**
   * How many processes were listed, in the last look over all or the last scan, and could not be
   * read.
   */
  get hidden(): number {
    return this.#header.number("hidden");
  }

  /** Whether somebody was gone, or was another one, when the last scan came to pin it. */
  get hasMissed(): boolean {
    return this.#header.number("missed") > 0;
  }

  /** Whether the children of a member can't be listed, so that only a scan finds them. */
  get isUnlisted(): boolean {
    return this.#header.number("unlisted") > 0;
  }

  /**
   * Since when members that ended may have had children that are not in the table; null if none
   * may.
   */
  get lost(): Lost | null {
    if (this.#header.number("lost") === 0) return null;
    const wereKnown = this.#header.number("never_known") === 0;
    return { since: Number(this.#header.bigint("lost_since")), wereKnown };
  }

  /** A row, until the table grows. */
  row(index: number): TreeRow {
    const start = this.#headerSize + index * this.#rowSize;
    return new NativeRecord("TreeRow", this.#header.bytes.subarray(start, start + this.#rowSize));
  }

  /** Makes room for a row, which the caller fills; the next native call puts it in the index. */
  add(): TreeRow {
    const index = this.count;
    if (index === this.#header.number("capacity")) this.#grow();
    this.#header.set("count", index + 1);
    return this.row(index);
  }

  /** One field of 32 bits of a row, without a sign. */
  number(index: number, field: keyof TreeFields): number {
    return this.#words[this.#wordAt(index, field)];
  }

  /** Whether a row has a flag. */
  has(index: number, flag: TreeFlag): boolean {
    return (this.number(index, "flags") & TREE_FLAGS[flag]) !== 0;
  }

  /** Sets or clears a flag of a row. */
  set(index: number, flag: TreeFlag, isSet: boolean): void {
    const at = this.#wordAt(index, "flags");
    if (isSet) this.#words[at] |= TREE_FLAGS[flag];
    else this.#words[at] &= ~TREE_FLAGS[flag];
  }

  /** Has everybody looked at again, because a row's flags were changed from outside. */
  lookAgain(): void {
    this.#header.set("epoch", 0);
  }

  /** What the calls from now on are asked for. */
  ask(options: readonly TreeOption[]): void {
    this.#header.set("options", options.reduce((bits, option) => bits | TREE_OPTIONS[option], 0));
  }

  /** Has those left alone at first who have one of these pids: the caller decides. */
  spare(pids: Iterable<number>): void {
    const words = this.#header.words("spared");
    words.fill(0);
    for (const pid of pids) words[Math.floor(pid / 32) % words.length] |= 1 << pid % 32;
  }

  /** Begins a scan behind a pid. */
  scanFrom(pid: number): void {
    this.#header.set("scan_after", pid);
  }

  /** Calls a native function for at most so long, and gives it room. */
  call(name: "tree_stand" | "tree_kill" | "tree_scan", proc: number, budgetUs: number): TreeAnswer {
    while (true) {
      const answer = native()[name](proc, budgetUs, this.#header.bytes);
      if (answer < 0) check(answer, isNoDescriptorFree(answer) ? "pidfd_open" : "read");
      if (answer !== TREE_ANSWERS.full) return answer as TreeAnswer;
      this.#grow();
    }
  }

  #wordAt(index: number, field: keyof TreeFields): number {
    return (this.#headerSize + index * this.#rowSize + this.#fields[field][0]) / 4;
  }

  #grow(): void {
    const capacity = this.#header.number("capacity");
    const bytes = new Uint8Array(this.#sizeFor(2 * capacity));
    bytes.set(this.#header.bytes.subarray(0, this.#headerSize + capacity * this.#rowSize));
    this.#take(bytes);
    this.#header.set("capacity", 2 * capacity);
    this.#header.set("indexed", 0);
  }

  #take(bytes: Uint8Array): void {
    this.#header = new NativeRecord("TreeRecord", bytes);
    this.#words = new Uint32Array(bytes.buffer);
  }

  #sizeFor(capacity: number): number {
    return this.#headerSize + capacity * (this.#rowSize + INDEX);
  }
}

function isNoDescriptorFree(errno: number): boolean {
  return errno === EMFILE || errno === ENFILE || errno === ENOMEM;
}
