import type { KeyValueStore } from './key-value.ts';
import type { Quarantine } from './replication.ts';
import { QUARANTINE_KEY } from './tables.ts';

/** Why a log takes nothing more, as its disk remembers it. */
export function readQuarantine(keyValue: KeyValueStore): Quarantine | undefined {
  const bytes = keyValue.get(QUARANTINE_KEY);
  return bytes && (JSON.parse(bytes.toString()) as Quarantine);
}

/** Remembers it, or that there is none any more. */
export function writeQuarantine(keyValue: KeyValueStore, quarantine: Quarantine | undefined): Promise<void> {
  const value = quarantine && Buffer.from(JSON.stringify(quarantine));
  return keyValue.write([{ key: QUARANTINE_KEY, ...(value && { value }) }], { sync: true });
}
