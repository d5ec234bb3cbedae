import { type LogicalCluster, ROOT_CLUSTER, type ShardName } from '../base/mod.ts';
import { collectionOf, type DefinitionRegistry } from '../definitions/mod.ts';
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

/** Where the objects of shards are: undefined while the root does not serve them. */
export function shardKey(registry: DefinitionRegistry, name: string): ObjectKey | undefined {
  const cluster: LogicalCluster = ROOT_CLUSTER;
  const found = registry.find(cluster, CORE_GROUP, SHARDS);
  return found && { ...collectionOf(cluster, found.definition), namespace: '', name };
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
