import type { StreamConfig } from '@nats-io/jetstream';
import type { StreamSettings } from '../carrier.ts';

const NANOSECONDS_PER_MS = 1_000_000;

/** What a stream must be like; the server's word is compared with all of it. */
export type WantedConfig = Partial<StreamConfig> & { readonly name: string };

/** Limits only, on disk, the oldest go first; nobody deletes or purges single messages, which would shift places. */
export function wantedConfig(settings: StreamSettings): WantedConfig {
  return {
    name: settings.name,
    subjects: [settings.subject],
    retention: 'limits',
    storage: 'file',
    discard: 'old',
    max_age: settings.ageMsMax * NANOSECONDS_PER_MS,
    max_bytes: settings.bytesMax,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_consumers: -1,
    num_replicas: settings.replicas,
    duplicate_window: settings.duplicateWindowMs * NANOSECONDS_PER_MS,
    deny_delete: true,
    deny_purge: true,
  };
}

/** Where the server's word differs from what was wanted: old servers leave out what they do not know, silently. */
export function differences(
  wanted: WantedConfig,
  echoed: Readonly<Partial<StreamConfig>>,
): readonly string[] {
  const found: string[] = [];
  for (const [field, value] of Object.entries(wanted)) {
    const has = (echoed as Readonly<Record<string, unknown>>)[field];
    if (JSON.stringify(has) !== JSON.stringify(value)) {
      found.push(`${field} is ${JSON.stringify(has)} in place of ${JSON.stringify(value)}`);
    }
  }
  return found;
}
