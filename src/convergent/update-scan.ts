import { UpdateDecoderV2 } from 'yjs';
import { limits } from '../base/mod.ts';
import type { JsonValue } from '../machinery/mod.ts';
import { type ClientId, isClientId } from './client-id.ts';
import { decodeKey } from './document-key.ts';
import { ConvergentError } from './errors.ts';
import { decodeContent, type Register } from './register.ts';
import { parseRegisterPath, type RegisterPath } from './register-path.ts';

/** The name of the one shared map of a document. */
export const MAP_NAME = 'r';

/** What the bytes of a document hold, read without building it. */
export interface ScannedUpdate {
  /** Those that are there: of a register that was replaced or removed only the place is left. */
  readonly registers: readonly ScannedRegister[];
  readonly vector: ReadonlyMap<ClientId, number>;
}

export interface ScannedRegister extends Register {
  readonly clock: number;
  /** Its key in the document, and the bytes of its content. */
  readonly key: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads the bytes of a document before Yjs sees them. Yjs trusts its input: run lengths of a few bytes make it build
 * structures without end, and gaps wait in memory for what never comes. So only what our own writers produce passes: runs
 * of places that are left, and registers under the key that their own id gives, each client from its beginning.
 *
 * @param known registers by their keys, which are not read again where they are the same
 * @throws {ConvergentError} `DocumentCorrupt`, `DocumentTooLarge`, `ClientForged`, `RegionForged`
 */
export function scanUpdate(
  update: Uint8Array,
  known: ReadonlyMap<string, ScannedRegister> = NONE,
): ScannedUpdate {
  if (update.byteLength > limits.documentBytesMax) {
    throw new ConvergentError('DocumentTooLarge', `a document of ${update.byteLength} bytes is too large`);
  }
  try {
    return new Scan(update, known).run();
  } catch (cause) {
    if (cause instanceof ConvergentError) throw cause;
    throw corrupt('its bytes cannot be read', cause);
  }
}

const NONE: ReadonlyMap<string, ScannedRegister> = new Map();

/** Bits of Yjs's info byte: the kind of a struct, and which ids stand before its content. */
const KIND = 0x1f;
const HAS_KEY = 0x20;
const HAS_NEIGHBOURS = 0xc0;
const GC_KIND = 0;
const BINARY_KIND = 3;

class Scan {
  readonly #decoder: UpdateDecoderV2;
  readonly #input: Input;
  readonly #known: ReadonlyMap<string, ScannedRegister>;
  readonly #registers: ScannedRegister[] = [];
  readonly #vector = new Map<ClientId, number>();
  readonly #regions = new Map<ClientId, string>();
  /** Of the registers that are there, growing. */
  readonly #clocks = new Map<ClientId, number[]>();
  #structs = 0;

  constructor(update: Uint8Array, known: ReadonlyMap<string, ScannedRegister>) {
    this.#known = known;
    this.#input = { arr: update as Uint8Array<ArrayBuffer>, pos: 0 };
    this.#decoder = new UpdateDecoderV2(this.#input);
  }

  run(): ScannedUpdate {
    const clients = this.#count(limits.documentClientsMax, 'clients');
    for (let index = 0; index < clients; index++) this.#readClient();
    this.#refuseForesight();
    this.#readDeletions();
    if (this.#input.pos !== this.#input.arr.byteLength) throw corrupt('there are bytes after its end');
    return { registers: this.#registers, vector: this.#vector };
  }

  #readClient(): void {
    const structs = this.#count(STRUCTS_MAX, 'registers');
    this.#structs += structs;
    if (this.#structs > STRUCTS_MAX) throw tooLarge('registers');
    const client = this.#decoder.readClient();
    if (!isClientId(client) || this.#vector.has(client))
      throw corrupt(`client ${client} is none, or is there twice`);
    let clock = this.#readVarUint();
    if (clock !== 0) throw corrupt(`the beginning of client ${client} is missing`);
    this.#clocks.set(client, []);
    for (let index = 0; index < structs; index++) {
      const info = this.#decoder.readInfo();
      if (info === GC_KIND) clock += this.#readRun();
      else this.#readRegister(info, { client, clock: clock++ });
      if (clock > CLOCK_MAX) throw corrupt(`client ${client} has written more than anybody can`);
    }
    this.#vector.set(client, clock);
  }

  /** What a writer has seen is in its document, and in every one that has its word: nobody replaces what is still to come. */
  #refuseForesight(): void {
    for (const { client, seen } of this.#registers) {
      for (const [other, clock] of seen ?? []) {
        if (clock < (this.#vector.get(other) ?? 0)) continue;
        throw corrupt(`client ${client} says that it has seen what client ${other} has not written`);
      }
    }
  }

  #readRun(): number {
    const length = this.#decoder.readLen();
    if (!Number.isSafeInteger(length) || length < 1) throw corrupt('a run has no length');
    return length;
  }

  #readRegister(
    info: number,
    { client, clock }: { readonly client: ClientId; readonly clock: number },
  ): void {
    if ((info & KIND) !== BINARY_KIND || (info & HAS_NEIGHBOURS) !== 0 || (info & HAS_KEY) === 0) {
      throw corrupt(`struct ${clock} of client ${client} is no register`);
    }
    if (!this.#decoder.readParentInfo() || this.#decoder.readString() !== MAP_NAME) {
      throw corrupt(`struct ${clock} of client ${client} is in another place`);
    }
    const register = this.#register(this.#decoder.readString(), this.#decoder.readBuf());
    if (register === undefined) throw corrupt(`register ${clock} of client ${client} cannot be read`);
    if (register.client !== client || register.clock !== clock) {
      throw new ConvergentError(
        'ClientForged',
        `client ${client} has written a register of client ${register.client}`,
      );
    }
    const region = this.#regions.get(client);
    if (region !== undefined && region !== register.region) {
      throw new ConvergentError(
        'RegionForged',
        `client ${client} writes for both ${region} and ${register.region}`,
      );
    }
    this.#regions.set(client, register.region);
    this.#clocks.get(client)!.push(clock);
    this.#registers.push(register);
  }

  #register(text: string, bytes: Uint8Array): ScannedRegister | undefined {
    const known = this.#known.get(text);
    if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0) return known;
    const key = decodeKey(text);
    const content = decodeContent(bytes);
    if (key === undefined || content === undefined || isTooDeep(key.path, content.value)) return undefined;
    return { ...content, ...key, key: text, bytes };
  }

  /** What is deleted is a run already: a register that is there and deleted at once, nobody of us writes. */
  #readDeletions(): void {
    const clients = this.#count(limits.documentClientsMax, 'clients');
    for (let index = 0; index < clients; index++) {
      const client = this.#readVarUint();
      const known = this.#vector.get(client) ?? 0;
      const clocks = this.#clocks.get(client) ?? [];
      const ranges = this.#count(STRUCTS_MAX, 'runs');
      let end = 0;
      let next = 0;
      for (let range = 0; range < ranges; range++) {
        const first = end + this.#readVarUint();
        end = first + this.#readVarUint() + 1;
        while (next < clocks.length && clocks[next]! < first) next++;
        if (end > known || (clocks[next] ?? end) < end) throw corrupt(`it deletes what client ${client} has`);
      }
    }
  }

  #count(max: number, what: string): number {
    const count = this.#readVarUint();
    if (count > max) throw tooLarge(what);
    return count;
  }

  /** As lib0's: seven bits in each byte, the lowest first. */
  #readVarUint(): number {
    const { arr } = this.#input;
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = arr[this.#input.pos++];
      if (byte === undefined) throw corrupt('it ends too early');
      value += (byte & 0x7f) * factor;
      if (!Number.isSafeInteger(value)) throw corrupt('it has a number beyond 53 bits');
      if (byte < 0x80) return value;
    }
  }
}

/** Whether an object with this value in it would be deeper than objects can be, so that nobody could read it again. */
function isTooDeep(path: RegisterPath, value: JsonValue | undefined): boolean {
  const segments = parseRegisterPath(path) ?? [];
  const above = segments.filter(({ kind }) => kind === 'field' || kind === 'item').length;
  // The keys of an item are one level deeper in the register of its life than in the item.
  const spare = segments.at(-1)?.kind === 'life' ? 1 : 0;
  return value !== undefined && isDeeperThan(value, limits.jsonDepthMax + spare - above);
}

function isDeeperThan(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels <= 0) return true;
  const below = Array.isArray(value) ? value : Object.values(value);
  return below.some((child) => child !== undefined && isDeeperThan(child, levels - 1));
}

interface Input {
  arr: Uint8Array<ArrayBuffer>;
  pos: number;
}

/** Between any two registers there may be a run. */
const STRUCTS_MAX = 2 * limits.documentRegistersMax + limits.documentClientsMax;
/** A thousand writes of each of the most registers. */
const CLOCK_MAX = 2 ** 32;

function corrupt(what: string, cause?: unknown): ConvergentError {
  return new ConvergentError('DocumentCorrupt', `the document is damaged: ${what}`, { cause });
}

function tooLarge(what: string): ConvergentError {
  return new ConvergentError('DocumentTooLarge', `the document has too many ${what}`);
}
