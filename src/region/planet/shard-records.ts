import type { RegionName, ShardName } from '../../base/mod.ts';
import { convergentLogOf } from '../convergent-log.ts';
import { type Found, listRecords, type RecordStore, readRecord, recordKey, recordRow } from './records.ts';

/** The shard that every planet begins with. */
export const ROOT_SHARD = 'root' as ShardName;

/** A shard that a region has brought with it, as all members know it. Who is home of it is for its voters to say. */
export interface ShardRecord {
  readonly name: ShardName;
  /** The number of the member that makes it, and no other: a log begins once. */
  readonly founder: number;
  readonly region: RegionName;
}

/** The name of the shard that a region brings: its own, unless logs have that name already. */
export function ownShardOf(region: RegionName): ShardName | undefined {
  const isTaken = region === (ROOT_SHARD as string) || region.startsWith(convergentLogOf(''));
  return isTaken ? undefined : (region as string as ShardName);
}

/** What has to be written down when a member comes, for its region to have a shard; nothing if it has one. */
export function shardMutation(
  store: Pick<RecordStore, 'get'>,
  member: { readonly number: number; readonly region: RegionName },
) {
  const { number, region } = member;
  const name = ownShardOf(region);
  if (name === undefined || readRecord<ShardRecord>(store, 'shard', name) !== undefined) return [];
  const record: ShardRecord = { name, founder: number, region };
  return [{ key: recordKey('shard', name), expected: 0, row: recordRow(name, record) }];
}

export function listShards(store: Pick<RecordStore, 'snapshot'>): Promise<readonly Found<ShardRecord>[]> {
  return listRecords<ShardRecord>(store, 'shard');
}
