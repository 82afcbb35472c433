/**
 * Reads and writes the records that native functions fill, by the names that the generated table
 * gives their fields.
 *
 * @module
 */
import { RECORDS } from "../../ffi/symbols.ts";

type RecordName = keyof typeof RECORDS;
type FieldName<N extends RecordName> = keyof ReturnType<(typeof RECORDS)[N]>["fields"];

interface Layout {
  readonly size: number;
  readonly fields: Readonly<Record<PropertyKey, readonly [offset: number, type: string]>>;
}

const layouts: Partial<Record<RecordName, Layout>> = {};

/** The layout of a record, made when it is first needed. */
function layoutOf(name: RecordName): Layout {
  return layouts[name] ??= RECORDS[name]();
}

/** The size of a record in bytes. */
export const sizeOf = (name: RecordName): number => layoutOf(name).size;

/** One record's bytes, in the CPU's own byte order. */
export class NativeRecord<N extends RecordName> {
  readonly #name: N;
  #madeLayout: Layout | undefined;
  #bytes: Uint8Array | undefined;
  #madeView: DataView | undefined;

  /**
   * Makes a record of zeros, or one of the bytes that it is given, which stay shared. The zeros are
   * made at the first use: many a module keeps a record, and importing it must cost nothing.
   */
  constructor(name: N, bytes?: Uint8Array) {
    this.#name = name;
    this.#bytes = bytes;
  }

  /** What native functions are handed. */
  get bytes(): Uint8Array {
    return this.#bytes ??= new Uint8Array(sizeOf(this.#name));
  }

  get #fields(): Layout["fields"] {
    return (this.#madeLayout ??= layoutOf(this.#name)).fields;
  }

  get #view(): DataView {
    return this.#madeView ??= viewOf(this.bytes);
  }

  /** A field of 32 bits. */
  number(field: FieldName<N>): number {
    const [offset, type] = this.#fields[field];
    if (type === "i32") return this.#view.getInt32(offset, IS_LITTLE_ENDIAN);
    return this.#view.getUint32(offset, IS_LITTLE_ENDIAN);
  }

  /** A field of 64 bits. */
  bigint(field: FieldName<N>): bigint {
    return this.#view.getBigUint64(this.#fields[field][0], IS_LITTLE_ENDIAN);
  }

  /** The bytes of a record inside this one, from its offset to the end. */
  tail(field: FieldName<N>): Uint8Array {
    return this.bytes.subarray(this.#fields[field][0]);
  }

  /**
   * The first bytes of a field that holds text, which is UTF-8 unless a program has made it
   * otherwise.
   */
  text(field: FieldName<N>, length: number): string {
    return decoder().decode(this.tail(field).subarray(0, length));
  }

  /** Words of 32 bits from a field on. */
  numbers(field: FieldName<N>, count: number): number[] {
    return [...this.#wordsFrom(this.#fields[field][0], count)];
  }

  /** A field of several words of 32 bits, as the record holds it: as many as its type says. */
  words(field: FieldName<N>): Uint32Array {
    const [offset, type] = this.#fields[field];
    return this.#wordsFrom(offset, Number(/^\[(\d+)\]u32$/.exec(type)![1]));
  }

  #wordsFrom(offset: number, count: number): Uint32Array {
    return new Uint32Array(this.bytes.buffer, this.bytes.byteOffset + offset, count);
  }

  /** Writes text into a field, and its length in bytes into another one. */
  setText(field: FieldName<N>, text: string, length: FieldName<N>): void {
    const bytes = new TextEncoder().encode(text);
    this.tail(field).set(bytes);
    this.set(length, bytes.length);
  }

  /** Sets a field of either size. */
  set(field: FieldName<N>, value: number | bigint): void {
    const [offset, type] = this.#fields[field];
    if (type === "u64") this.#view.setBigUint64(offset, BigInt(value), IS_LITTLE_ENDIAN);
    else this.#view.setUint32(offset, Number(value), IS_LITTLE_ENDIAN);
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

let madeDecoder: TextDecoder | undefined;

/** A name may begin with the bytes of a byte order mark, and is another one without them. */
function decoder(): TextDecoder {
  return madeDecoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
}

/** Whether this CPU has the lowest byte first. */
export const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
