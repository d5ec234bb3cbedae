import { ROOT_CLUSTER, type ShardName } from '../base/mod.ts';
import type { DefinitionRegistry } from '../definitions/mod.ts';
import {
  isObject,
  type JsonObject,
  type KubeObject,
  labelSelectorFromObject,
  objectAt,
} from '../machinery/mod.ts';
import type { ObjectKey, Row } from '../store/mod.ts';
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
 * The shard that a new workspace comes to: this one, if the workspace may be there and the shard takes new ones. The
 * workspace and its logical cluster come to be in one commit, so that no other can be chosen. A shard without an object
 * takes whatever asks for none in particular. Otherwise the text says why not.
 */
export function chooseShard(
  registry: DefinitionRegistry,
  request: { readonly workspace: KubeObject; readonly shard: ShardName; readonly read: ReadRow },
): ChosenShard | string {
  const { workspace, shard, read } = request;
  const key = shardKey(registry, shard);
  const row = key && read(key);
  const facts = row === undefined ? NO_OBJECT : shardFacts(row, row.labels);
  const selector = objectAt(objectAt(objectAt(workspace, 'spec'), 'location'), 'selector');
  if (facts.isUnschedulable || !isSelected(selector, facts.labels)) return NO_SHARD;
  return { name: shard, region: facts.labels[REGION_LABEL] };
}

const NO_SHARD = 'No available shards to schedule the workspace.';

interface ShardFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly isUnschedulable: boolean;
}

const NO_OBJECT: ShardFacts = { labels: {}, isUnschedulable: false };

const isMarked = factsOf((object): boolean => {
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  return annotations !== undefined && Object.hasOwn(annotations, UNSCHEDULABLE);
});

function shardFacts(row: Row, labels: Readonly<Record<string, string>>): ShardFacts {
  return { labels, isUnschedulable: isMarked(row) };
}

function isSelected(selector: JsonObject | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (!isObject(selector)) return true;
  return labelSelectorFromObject(selector).matches(labels);
}
