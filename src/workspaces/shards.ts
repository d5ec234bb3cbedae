import type { Api, KnownShard } from '../api/mod.ts';
import { type Random, ROOT_CLUSTER, type ShardName } from '../base/mod.ts';
import type { DefinitionRegistry } from '../definitions/mod.ts';
import {
  isObject,
  type JsonObject,
  type KubeObject,
  labelSelectorFromObject,
  objectAt,
} from '../machinery/mod.ts';
import type { ObjectKey } from '../store/mod.ts';
import { factsOf } from './facts.ts';
import { CORE_GROUP, REGION_LABEL, SHARDS, UNSCHEDULABLE } from './names.ts';
import type { ReadRow } from './types.ts';

/** A shard that takes new workspaces. */
export interface ChosenShard {
  readonly name: ShardName;
  readonly region: string | undefined;
}

/** Where the objects of shards are: undefined before there is a root. */
export function shardKey(registry: DefinitionRegistry, name: string): ObjectKey | undefined {
  return registry.ownKey({ cluster: ROOT_CLUSTER, group: CORE_GROUP, resource: SHARDS, name });
}

/**
 * The shard that a new workspace comes to, of those that take new ones and have the labels that it asks for: the one
 * of its parent, if that is among them, else any. A shard has the labels of its object, and its own name and region in any
 * case. Otherwise the text says why there is none.
 */
export function chooseShard(
  registry: DefinitionRegistry,
  request: {
    readonly workspace: KubeObject;
    readonly shards: readonly KnownShard[];
    /** The one of the parent. */
    readonly own: string;
    readonly read: ReadRow;
    readonly random: Pick<Random, 'below'>;
  },
): ChosenShard | string {
  const { workspace, shards, own, read, random } = request;
  const selector = objectAt(objectAt(objectAt(workspace, 'spec'), 'location'), 'selector');
  const fitting: ChosenShard[] = [];
  for (const known of [...shards].sort(({ name }) => (name === own ? -1 : 1))) {
    const key = shardKey(registry, known.name);
    const row = key && read(key);
    const labels = {
      name: known.name,
      ...(known.region === undefined ? {} : { [REGION_LABEL]: known.region }),
      ...row?.labels,
    };
    const isFitting = (row === undefined || !isMarked(row)) && isSelected(selector, labels);
    if (isFitting) fitting.push({ name: known.name, region: row?.labels[REGION_LABEL] ?? known.region });
    // The others need not be looked at.
    if (isFitting && known.name === own) break;
  }
  if (fitting.length === 0) return NO_SHARD;
  return fitting[random.below(fitting.length)]!;
}

/** The shards that a workspace may come to. */
export function shardsOf(api: Pick<Api, 'shards'>, own: ShardName): readonly KnownShard[] {
  return api.shards?.list() ?? [{ name: own, region: undefined }];
}

const NO_SHARD = 'No available shards to schedule the workspace.';

const isMarked = factsOf((object): boolean => {
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  return annotations !== undefined && Object.hasOwn(annotations, UNSCHEDULABLE);
});

function isSelected(selector: JsonObject | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (!isObject(selector)) return true;
  return labelSelectorFromObject(selector).matches(labels);
}
