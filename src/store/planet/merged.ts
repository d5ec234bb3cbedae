import { mergeBatches } from '../merge.ts';
import { objectKeyText, wildcardKeyText } from '../object-key.ts';
import type { ListedObject } from '../snapshot.ts';
import type { WorkKey } from '../tables.ts';

/** Streams of batches, each in order, as one in that order. Few: a member has few logs. */
export function mergeAll<Item>(
  streams: readonly AsyncGenerator<readonly Item[]>[],
  isBefore: (a: Item, b: Item) => boolean,
): AsyncGenerator<readonly Item[]> {
  const [first, ...others] = streams;
  if (first === undefined) return nothing();
  return others.reduce((merged, stream) => mergeBatches(merged, stream, isBefore), first);
}

/** Objects in the order of their keys. */
export async function* mergeObjects(
  streams: readonly AsyncGenerator<ListedObject[]>[],
  order: 'cluster' | 'kind',
): AsyncGenerator<ListedObject[]> {
  const textOf = order === 'cluster' ? objectKeyText : wildcardKeyText;
  const isBefore = (a: ListedObject, b: ListedObject) => isKeyBefore(textOf(a.key), textOf(b.key));
  for await (const batch of mergeAll<ListedObject>(streams, isBefore)) yield [...batch];
}

/** In the order of bytes, as the tables have them: it is not the one of UTF-16. */
function isKeyBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

export function isWorkBefore(a: { readonly key: WorkKey }, b: { readonly key: WorkKey }): boolean {
  return isKeyBefore(workText(a.key), workText(b.key));
}

function workText({ controller, cluster, key }: WorkKey): string {
  return `${controller}\0${cluster}\0${key}`;
}

async function* nothing(): AsyncGenerator<never> {}
