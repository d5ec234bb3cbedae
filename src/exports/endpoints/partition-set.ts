import {
  deepEqual,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectOf,
  objectsAt,
  textsAt,
} from '../../machinery/mod.ts';

type Labels = Readonly<Record<string, string>>;

/** A part of the shards: those that have these labels. */
export interface Part {
  /** Equal texts are the same part. */
  readonly text: string;
  readonly matchLabels: Labels;
}

/**
 * The parts that a PartitionSet divides shards into: one for each combination of values that the labels of its
 * dimensions have. Shards that lack one of them, or one that the set selects by, are in no part.
 */
export function partsOf(set: KubeObject, shards: readonly Labels[]): readonly Part[] {
  const selected = Object.keys(objectAt(shardSelectorOf(set), 'matchLabels') ?? {});
  const keys = [...new Set([...dimensionsOf(set), ...selected])].sort();
  const parts = new Map<string, Part>();
  for (const labels of shards) {
    if (keys.length === 0 || !keys.every((key) => labels[key] !== undefined)) continue;
    const part = partOf(Object.fromEntries(keys.map((key) => [key, labels[key]!])));
    parts.set(part.text, part);
  }
  return [...parts.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
}

/** Whether a Partition is that of a part of its set. */
export function isPartitionOf(set: KubeObject, partition: KubeObject, part: Part): boolean {
  const selector = objectAt(objectAt(partition, 'spec'), 'selector');
  const matchLabels = (objectAt(selector, 'matchLabels') ?? {}) as Labels;
  return (
    partOf(matchLabels).text === part.text &&
    deepEqual(objectsAt(selector, 'matchExpressions'), objectsAt(shardSelectorOf(set), 'matchExpressions'))
  );
}

/** The Partition of a part. Its name says the values of the dimensions, as far as there is room. */
export function partitionFor(set: KubeObject, part: Part): KubeObject {
  const { name = '', uid = '' } = set.metadata;
  const values = [...dimensionsOf(set)].sort().map((key) => (part.matchLabels[key] ?? '').toLowerCase());
  const matchExpressions = objectsAt(shardSelectorOf(set), 'matchExpressions');
  const selector: JsonObject = objectOf({ matchLabels: objectOf({ ...part.matchLabels }) });
  if (matchExpressions.length > 0) selector['matchExpressions'] = matchExpressions;
  return objectOf({
    apiVersion: set.apiVersion,
    kind: 'Partition',
    metadata: objectOf({
      generateName: `${[name, ...values].join('-').slice(0, NAME_LENGTH_MAX)}-`,
      ownerReferences: [
        objectOf({
          apiVersion: set.apiVersion,
          blockOwnerDeletion: true,
          controller: true,
          kind: set.kind,
          name,
          uid,
        }),
      ],
    }),
    spec: objectOf({ selector }),
  }) as KubeObject;
}

// Of the longest name, with room for a hyphen.
const NAME_LENGTH_MAX = 252;

/** Which shards a set divides; undefined for all of them. */
export function shardSelectorOf(set: KubeObject): JsonObject | undefined {
  return objectAt(objectAt(set, 'spec'), 'shardSelector');
}

function dimensionsOf(set: KubeObject): ReadonlySet<string> {
  return new Set(textsAt(objectAt(set, 'spec'), 'dimensions'));
}

function partOf(matchLabels: Labels): Part {
  const text = Object.keys(matchLabels)
    .sort()
    .map((key) => `+${key}=${matchLabels[key]}`)
    .join('');
  return { text, matchLabels };
}
