import { type ClientId, isClientId } from './client-id.ts';
import { isSystemPath, parseRegisterPath, type RegisterPath } from './register-path.ts';

/**
 * The key of a register in a document's map: its path, its region, and the id of the item that holds it (client and
 * clock). No two writes have the same key, so that Yjs never has to choose between values, and a register in somebody
 * else's name does not go unnoticed.
 */
export interface DocumentKey {
  readonly path: RegisterPath;
  readonly region: string;
  readonly client: ClientId;
  readonly clock: number;
}

export function encodeKey({ path, region, client, clock }: DocumentKey): string {
  return `${path}\n${region}\n${client.toString(36)}\n${clock.toString(36)}`;
}

/** Reads {@link encodeKey}; undefined for what it cannot have written. */
export function decodeKey(text: string): DocumentKey | undefined {
  const parts = text.split('\n', 5);
  const [path, region, clientText, clockText] = parts;
  if (parts.length !== 4 || !REGION.test(region!)) return undefined;
  const client = Number.parseInt(clientText!, 36);
  const clock = Number.parseInt(clockText!, 36);
  if (!isClientId(client) || !Number.isSafeInteger(clock)) return undefined;
  if (!isSystemPath(path!) && parseRegisterPath(path!) === undefined) return undefined;
  const key: DocumentKey = { path: path!, region: region!, client, clock };
  // One text for each key: no leading zeros, no capitals.
  return encodeKey(key) === text ? key : undefined;
}

/** As names of regions are: a DNS label. */
const REGION = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
