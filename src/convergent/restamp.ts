import type { JsonValue } from '../machinery/mod.ts';
import { type ClientId, isClientId } from './client-id.ts';
import type { Register } from './register.ts';
import type { RegisterPath } from './register-path.ts';
import type { Stamp } from './stamps.ts';

/**
 * An operator's word about a clock that was wrong: what this client has written above a stamp counts as if it had been
 * written at another one. Said in the document, by any region, so that it holds in all of them, also for a client whose
 * region is gone. The client must not go on writing: its process has to be started anew, with a clock that is right.
 */
export interface Restamp {
  readonly client: ClientId;
  readonly above: Stamp;
  readonly as: Stamp;
}

export const RESTAMP_PREFIX = '@restamp:';

export function restampPath(client: ClientId): RegisterPath {
  return `${RESTAMP_PREFIX}${client.toString(36)}`;
}

export function encodeRestamp({ above, as }: Restamp): JsonValue {
  return [above, as];
}

/**
 * What is said about clients.
 *
 * @param words the registers at each path, those that count first: of several words about one client the first holds
 */
export function restampsOf(words: Iterable<readonly Register[]>): {
  stampOf(register: Register): Stamp;
} {
  const byClient = new Map<ClientId, Restamp>();
  for (const said of words) {
    for (const { path, value } of said) {
      const restamp = decodeRestamp(path, value);
      if (restamp !== undefined && !byClient.has(restamp.client)) byClient.set(restamp.client, restamp);
    }
  }
  return {
    stampOf({ client, stamp, path }) {
      if (byClient.size === 0 || path.startsWith(RESTAMP_PREFIX)) return stamp;
      const restamp = byClient.get(client);
      return restamp !== undefined && stamp > restamp.above ? restamp.as : stamp;
    },
  };
}

function decodeRestamp(path: RegisterPath, value: JsonValue | undefined): Restamp | undefined {
  const client = Number.parseInt(path.slice(RESTAMP_PREFIX.length), 36);
  if (!isClientId(client) || !Array.isArray(value) || value.length !== 2) return undefined;
  const [above, as] = value;
  return Number.isSafeInteger(above) && Number.isSafeInteger(as)
    ? { client, above: above as Stamp, as: as as Stamp }
    : undefined;
}
