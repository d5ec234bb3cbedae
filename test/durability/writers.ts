import type { Client, KubeObject } from '../http/client.ts';
import type { Random } from './random.ts';

/** An object as the server has acknowledged it. */
export interface Known {
  readonly uid: string;
  readonly resourceVersion: number;
  readonly value: string;
}

export interface Step {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly value: string;
  /** Unknown for what was not acknowledged, and for deletions, whose answer does not tell. */
  readonly resourceVersion?: number;
}

/** All that a writer may say about one name after a crash. */
export interface Record {
  /** Undefined: it does not exist. */
  known: Known | undefined;
  /** Asked for, but the server died before it answered. */
  doubt: Step | undefined;
  /** What watchers must have seen, in this order. */
  readonly steps: Step[];
}

/** What 64 clients know about their objects, by name. */
export class Ledger {
  readonly records = new Map<string, Record>();

  of(name: string): Record {
    let record = this.records.get(name);
    if (record === undefined) {
      record = { known: undefined, doubt: undefined, steps: [] };
      this.records.set(name, record);
    }
    return record;
  }

  get newestRevision(): number {
    return Math.max(0, ...[...this.records.values()].map(({ known }) => known?.resourceVersion ?? 0));
  }
}

const NAMES = 4;
// Larger ones take several fragments of LevelDB's log, which a kill can tear apart.
const FILLER_MAX = 6_000;

/** Writes to names of its own until the server is gone. Resolves to the number of acknowledged writes. */
export async function writeUntilKilled(options: {
  readonly client: Client;
  readonly collection: string;
  readonly writer: number;
  readonly ledger: Ledger;
  readonly random: Random;
  isKilled(): boolean;
}): Promise<number> {
  const { client, collection, writer, ledger, random } = options;
  for (let count = 0; ; count++) {
    const name = `w${writer}-${random.below(NAMES)}`;
    const record = ledger.of(name);
    const write = chooseWrite({ record, name, value: `${writer}-${count}`, random });
    record.doubt = write.step;
    const path = write.method === 'POST' ? collection : `${collection}/${name}`;
    let reply: Awaited<ReturnType<Client['call']>>;
    try {
      reply = await client.call(path, write);
    } catch (error) {
      // An answer that never came, or not as a whole, acknowledges nothing.
      if (options.isKilled()) return count;
      throw error;
    }
    if (reply.status >= 300) {
      throw new Error(`${write.method} ${path} was answered with ${reply.status}: ${reply.text}`);
    }
    record.doubt = undefined;
    if (write.step.type === 'DELETED') {
      record.known = undefined;
      record.steps.push(write.step);
      continue;
    }
    record.known = knownOf(JSON.parse(reply.text) as KubeObject);
    record.steps.push({ ...write.step, resourceVersion: record.known.resourceVersion });
  }
}

/** What an object says; throws when it is half of one write and half of another. */
export function knownOf(object: KubeObject): Known {
  const { uid, resourceVersion, name, labels } = object.metadata;
  const { value, again } = object['data'] as { readonly value: string; readonly again: string };
  if (value !== again || labels?.['value'] !== value) {
    throw new Error(`${name} is a mixture: ${labels?.['value']}, ${value}, ${again}`);
  }
  return { uid, resourceVersion: Number(resourceVersion), value };
}

interface Write {
  readonly method: string;
  readonly headers?: { readonly 'content-type': string };
  readonly body?: unknown;
  readonly step: Step;
}

function chooseWrite(choice: {
  readonly record: Record;
  readonly name: string;
  readonly value: string;
  readonly random: Random;
}): Write {
  const { record, name, value, random } = choice;
  const { known } = record;
  const content = { value, again: value, filler: 'x'.repeat(random.below(FILLER_MAX)) };
  const object = (metadata: object) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { value }, ...metadata },
    data: content,
  });
  if (known === undefined) return { method: 'POST', body: object({}), step: { type: 'ADDED', value } };
  const modified: Step = { type: 'MODIFIED', value };
  switch (random.below(4)) {
    case 0:
      return { method: 'DELETE', step: { type: 'DELETED', value: known.value } };
    case 1:
      return {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { metadata: { labels: { value } }, data: content },
        step: modified,
      };
    default: {
      const metadata = { uid: known.uid, resourceVersion: String(known.resourceVersion) };
      return { method: 'PUT', body: object(metadata), step: modified };
    }
  }
}
