import {
  encodeJson,
  isObject,
  JSON_DEPTH_MAX,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '../machinery/mod.ts';
import { type ClientId, isClientId } from './client-id.ts';
import type { RegisterPath } from './register-path.ts';
import type { Stamp } from './stamps.ts';

/** The write that made an item of a list: registers inside of it that belong to another one do not count. */
export interface Birth {
  readonly stamp: Stamp;
  readonly region: string;
}

/** What a register says, apart from where it is and whose it is. */
export interface RegisterContent {
  readonly stamp: Stamp;
  /** Absent where the register says that there is nothing. */
  readonly value?: JsonValue;
  /** The birth of the innermost item around it. */
  readonly birth?: Birth;
  /**
   * What other regions had at the same path in its writer's document, as the clock of each client's register: these
   * writes were replaced knowingly, all others are concurrent or later. Absent where there were none.
   */
  readonly seen?: Seen;
}

/** The newest write of each client that somebody has seen at a path. */
export type Seen = ReadonlyMap<ClientId, number>;

/** A register as an edit makes it: it gets its clock from the document. */
export interface NewRegister extends RegisterContent {
  readonly path: RegisterPath;
  readonly region: string;
  readonly client: ClientId;
}

/** One write at one path by one client. A client has at most one at each path. */
export interface Register extends NewRegister {
  /** How many registers its client had written in this document before it, whatever the time was. */
  readonly clock: number;
}

/** Whether the writer of a register had another one of the same path in its document, and has replaced it. */
export function hasSeen({ seen }: Register, { client, clock }: Register): boolean {
  return (seen?.get(client) ?? -1) >= clock;
}

/**
 * The bytes of a register in a document: canonical JSON `[stamp, value?]`, or with four members
 * `[stamp, value or nothing as [] or [value], birth, seen]` where it has more to say.
 */
export function encodeContent({ stamp, value, birth, seen }: RegisterContent): Uint8Array {
  const brief = birth === undefined && seen === undefined;
  const held = value === undefined ? [] : [value];
  const list: JsonValue[] = brief
    ? [stamp, ...held]
    : [stamp, held, birth === undefined ? null : [birth.stamp, birth.region], seenJson(seen)];
  return encoder.encode(encodeJson(list));
}

// Yjs stores a Uint8Array as bytes, and refuses a Buffer.
const encoder = new TextEncoder();

/** Reads {@link encodeContent}; undefined for what it cannot have written. */
export function decodeContent(bytes: Uint8Array): RegisterContent | undefined {
  let list: JsonValue;
  try {
    // Two levels more than any value: the lists around it.
    list = parseJson(bytes, { depthMax: JSON_DEPTH_MAX + 2 }).value;
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  const [stamp, second, birth, seen] = list;
  if (!isStamp(stamp)) return undefined;
  if (list.length === 1) return { stamp };
  if (list.length === 2) return { stamp, value: second! };
  if (list.length !== 4 || !Array.isArray(second) || second.length > 1) return undefined;
  const readBirth = birth === null ? null : birthOf(birth);
  const readSeen = seen === null ? null : seenOf(seen);
  if (readBirth === undefined || readSeen === undefined) return undefined;
  return {
    stamp,
    ...(second.length === 0 ? {} : { value: second[0]! }),
    ...(readBirth === null ? {} : { birth: readBirth }),
    ...(readSeen === null ? {} : { seen: readSeen }),
  };
}

/** The value of the register that an item is born with: its key fields, and the birth that stays while they change. */
export function encodeLife(keys: JsonObject, birth: Birth): JsonValue {
  return [keys, birth.stamp, birth.region];
}

/** Reads {@link encodeLife}. */
export function decodeLife(
  value: JsonValue | undefined,
): { readonly keys: JsonObject; readonly birth: Birth } | undefined {
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [keys, stamp, region] = value;
  return isObject(keys) && isStamp(stamp) && typeof region === 'string'
    ? { keys, birth: { stamp, region } }
    : undefined;
}

/** The order in which registers win: newest first, and of the same time that of the region whose name sorts last. */
export function compareRegisters(a: Register, b: Register): number {
  return (
    b.stamp - a.stamp ||
    compareNames(b.region, a.region) ||
    compareNames(b.path, a.path) ||
    b.client - a.client
  );
}

export function isSameBirth(a: Birth | undefined, b: Birth | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.stamp === b.stamp && a.region === b.region);
}

/** The order of code units: the same in all regions, whatever their language. */
export function compareNames(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function isStamp(value: JsonValue | undefined): value is Stamp {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function birthOf(value: JsonValue | undefined): Birth | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [stamp, region] = value;
  return isStamp(stamp) && typeof region === 'string' ? { stamp, region } : undefined;
}

/** Reads {@link seenJson}: clients in their order, so that there is one text only. */
function seenOf(value: JsonValue | undefined): Seen | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length % 2 !== 0) return undefined;
  const seen = new Map<ClientId, number>();
  let last = -1;
  for (let index = 0; index < value.length; index += 2) {
    const [client, clock] = value.slice(index, index + 2);
    if (!isClientId(client) || !Number.isSafeInteger(clock) || client <= last || (clock as number) < 0) {
      return undefined;
    }
    seen.set(client, clock as number);
    last = client;
  }
  return seen;
}

function seenJson(seen: Seen | undefined): JsonValue {
  return seen === undefined ? null : [...seen].sort(([a], [b]) => a - b).flat();
}
