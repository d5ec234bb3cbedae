import { crc32c } from './crc32c.ts';
import { masked } from './level-log-file.ts';

const FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
const SNAPPY = 1;

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/** Where the first damaged block of a LevelDB table is; undefined when all blocks fit their checksums. */
export function findDamage(table: Buffer): number | undefined {
  const footerStart = table.length - FOOTER_BYTES;
  if (footerStart < 0 || !table.subarray(-MAGIC.length).equals(MAGIC)) return Math.max(footerStart, 0);
  try {
    const footer = new Cursor(table.subarray(footerStart));
    const metaIndex = footer.handle();
    const index = footer.handle();
    for (const handle of [index, metaIndex]) if (!isSound(table, handle)) return handle.offset;
    for (const parent of [metaIndex, index]) {
      for (const handle of handlesIn(contentOf(table, parent))) {
        if (!isSound(table, handle)) return handle.offset;
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return footerStart;
    throw error;
  }
}

function isSound(table: Buffer, { offset, size }: BlockHandle): boolean {
  const end = offset + size + TRAILER_BYTES;
  if (end > table.length) return false;
  // The checksum covers the block and the byte that says how it is compressed.
  return table.readUInt32LE(end - 4) === masked(crc32c(table.subarray(offset, end - 4)));
}

function contentOf(table: Buffer, { offset, size }: BlockHandle): Buffer {
  const block = table.subarray(offset, offset + size);
  return table[offset + size] === SNAPPY ? inflateSnappy(block) : block;
}

/** The values of an index block: handles of other blocks. */
function handlesIn(block: Buffer): BlockHandle[] {
  const restarts = block.readUInt32LE(block.length - 4);
  const entries = new Cursor(block.subarray(0, block.length - 4 - restarts * 4));
  const handles: BlockHandle[] = [];
  while (!entries.isDone) {
    entries.number();
    const keySuffix = entries.number();
    const valueSize = entries.number();
    entries.take(keySuffix);
    handles.push(new Cursor(entries.take(valueSize)).handle());
  }
  return handles;
}

/** Index blocks are compressed like all others, and there is no Snappy in Node. */
function inflateSnappy(bytes: Buffer): Buffer {
  const input = new Cursor(bytes);
  const output = Buffer.alloc(input.number());
  let at = 0;
  while (!input.isDone) {
    const tag = input.byte();
    if ((tag & 3) === 0) {
      const literal = input.take(literalLength(tag, input));
      output.set(literal, at);
      at += literal.length;
      continue;
    }
    const { length, distance } = copyOf(tag, input);
    if (distance === 0 || distance > at || at + length > output.length)
      throw new RangeError('a copy from nowhere');
    // Byte by byte: a copy may overlap what it writes.
    for (let end = at + length; at < end; at++) output[at] = output[at - distance]!;
  }
  return output;
}

function literalLength(tag: number, input: Cursor): number {
  const short = tag >>> 2;
  return short < 60 ? short + 1 : input.littleEndian(short - 59) + 1;
}

function copyOf(tag: number, input: Cursor): { readonly length: number; readonly distance: number } {
  if ((tag & 3) === 1) {
    return { length: ((tag >>> 2) & 7) + 4, distance: ((tag >>> 5) << 8) | input.byte() };
  }
  return { length: (tag >>> 2) + 1, distance: input.littleEndian((tag & 3) === 2 ? 2 : 4) };
}

/** Reads from the start of some bytes; a RangeError says that they end too early. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('the end comes too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  littleEndian(length: number): number {
    return this.take(length).readUIntLE(0, length);
  }

  /** A varint. */
  number(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number without an end');
  }

  handle(): BlockHandle {
    return { offset: this.number(), size: this.number() };
  }
}
