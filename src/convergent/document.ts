import {
  applyUpdateV2,
  Doc,
  encodeStateAsUpdateV2,
  GC,
  getState,
  type Item,
  type Map as SharedMap,
} from 'yjs';
import { assert, limits } from '../base/mod.ts';
import type { ClientId, Vector } from './client-id.ts';
import { encodeKey } from './document-key.ts';
import type { Edit } from './edit.ts';
import { ConvergentError } from './errors.ts';
import { type MergeOptions, refuseForged } from './forgery.ts';
import { encodeContent, type NewRegister, type Register } from './register.ts';
import { MAP_NAME, type ScannedRegister, type ScannedUpdate, scanUpdate } from './update-scan.ts';

/**
 * The state of one convergent object: its registers, in one flat Y.Map. Every client writes only registers of its own,
 * each under a key of its own, so that merging is a union and Yjs never has to pick a winner; which register counts is the
 * view's to say (`viewRegisters`). A document is opened from its bytes for an edit or a merge, encoded, and forgotten;
 * after an error it must not be used any more.
 */
export class ConvergentDocument {
  readonly #doc: Doc;
  readonly #map: SharedMap<Uint8Array>;
  #registers = new Map<string, ScannedRegister>();
  /** At most so many bytes when it is encoded, so that this need not be done to know. */
  #bytesMax = 0;

  private constructor() {
    // The guid would be random otherwise. Nobody is client 0, under which a document is read.
    this.#doc = new Doc({ guid: 'document' });
    this.#doc.clientID = 0;
    this.#map = this.#doc.getMap(MAP_NAME);
  }

  /** A document in which nothing is said yet. */
  static create(): ConvergentDocument {
    return new ConvergentDocument();
  }

  /**
   * Reads the bytes of a document.
   *
   * @throws {ConvergentError} for what no writer of ours can have written, or what is too large
   */
  static open(bytes: Uint8Array): ConvergentDocument {
    const document = new ConvergentDocument();
    document.#apply(bytes, scanUpdate(bytes));
    return document;
  }

  /** All registers, of all clients, also those that no longer win. */
  registers(): Iterable<Register> {
    return this.#registers.values();
  }

  /** How many writes of each client are in it. */
  vector(): Vector {
    return new Map(
      [...this.#doc.store.clients.keys()].map((client) => [client, getState(this.#doc.store, client)]),
    );
  }

  /**
   * Takes an edit. At its paths it takes the place of what its region has there, under whichever client id: the earlier
   * clients are gone, and their words need not be kept. At other paths they keep their name, by which others have seen
   * them and an operator can re-stamp them.
   *
   * @throws {ConvergentError} `DocumentTooLarge`
   */
  write({ writer, registers }: Edit): void {
    if (registers.length === 0) return;
    if (registers.length > limits.documentEditRegistersMax) throw tooLarge(registers.length, 0);
    const { client, region } = writer;
    const written = new Set(registers.map(({ path }) => path));
    this.#doc.clientID = client;
    this.#doc.transact(() => {
      for (const old of [...this.#registers.values()]) {
        if (old.region === region && written.has(old.path)) this.#remove(old);
      }
      for (const register of registers) this.#add(register);
    });
    this.#doc.clientID = 0;
    this.#compact();
    this.#refuseLarge();
  }

  /**
   * Takes what another state of the same document has. The result does not depend on the order of merges, and merging
   * something again changes nothing.
   *
   * @returns whether anything was new
   * @throws {ConvergentError} for bytes that are no state of this document that its clients can have written; nothing has
   *   been changed then
   */
  merge(bytes: Uint8Array, options: MergeOptions = {}): boolean {
    const update = scanUpdate(bytes, this.#registers);
    const stateOf = (client: ClientId): number => getState(this.#doc.store, client);
    refuseForged(update, { held: this.#registers, stateOf, ...options });
    const before = this.#registers;
    this.#apply(bytes, update);
    return (
      before.size !== this.#registers.size || [...this.#registers.keys()].some((key) => !before.has(key))
    );
  }

  /** The whole state, in Yjs's second encoding: what a change in the log carries, and what others merge. */
  encode(): Uint8Array {
    return encodeStateAsUpdateV2(this.#doc);
  }

  #apply(bytes: Uint8Array, update: ScannedUpdate): void {
    applyUpdateV2(this.#doc, bytes);
    this.#bytesMax += bytes.byteLength;
    const { pendingStructs, pendingDs } = this.#doc.store;
    // The scan has seen to it; a gap would hide what comes after it without anybody noticing.
    assert(pendingStructs === null && pendingDs === null, 'a scanned document has no gaps');
    const scanned = new Map(update.registers.map((register) => [register.key, register]));
    const registers = new Map<string, ScannedRegister>();
    for (const structs of this.#doc.store.clients.values()) {
      for (const struct of structs) {
        if (struct.deleted) continue;
        const key = (struct as Item).parentSub ?? '';
        const register = this.#registers.get(key) ?? scanned.get(key);
        assert(register !== undefined, 'what Yjs has was scanned');
        registers.set(key, register);
      }
    }
    this.#registers = registers;
    this.#compact();
  }

  #add(register: NewRegister): void {
    const clock = getState(this.#doc.store, register.client);
    const key = encodeKey({ ...register, clock });
    const bytes = encodeContent(register);
    this.#map.set(key, bytes);
    this.#bytesMax += key.length * UTF8_BYTES_MAX + bytes.byteLength + STRUCT_BYTES_MAX;
    this.#registers.set(key, { ...register, clock, key, bytes });
  }

  #remove({ key }: ScannedRegister): void {
    this.#map.delete(key);
    this.#registers.delete(key);
  }

  /**
   * Lets go of what is deleted. Yjs keeps a struct for every value that a map ever had, with its key; what our registers
   * have left is nobody's neighbour, so that runs of it become one struct, as Yjs itself does below a deleted parent.
   */
  #compact(): void {
    for (const [client, structs] of this.#doc.store.clients) {
      this.#doc.store.clients.set(client, mergeRuns(structs));
    }
    for (const [key, item] of this.#map._map) if (item.deleted) this.#map._map.delete(key);
  }

  #refuseLarge(): void {
    const tooMany = this.#registers.size > limits.documentEditRegistersMax;
    if (!tooMany && this.#bytesMax <= limits.documentEditBytesMax) return;
    const bytes = this.encode().byteLength;
    this.#bytesMax = bytes;
    if (!tooMany && bytes <= limits.documentEditBytesMax) return;
    throw tooLarge(this.#registers.size, bytes);
  }
}

function tooLarge(fields: number, bytes: number): ConvergentError {
  return new ConvergentError(
    'DocumentTooLarge',
    `the object is too large to be shared: ${fields} fields, ${bytes} bytes with what regions have written`,
  );
}

const UTF8_BYTES_MAX = 3;
/** What Yjs writes for an item besides its key and content, and for the run that it may leave. */
const STRUCT_BYTES_MAX = 100;

function mergeRuns(structs: readonly (GC | Item)[]): (GC | Item)[] {
  const merged: (GC | Item)[] = [];
  for (const struct of structs) {
    if (!struct.deleted) {
      merged.push(struct);
      continue;
    }
    const last = merged.at(-1);
    if (last instanceof GC) last.length += struct.length;
    else merged.push(new GC(struct.id, struct.length));
  }
  return merged;
}
