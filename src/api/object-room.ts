import { SYSTEM_USER, type User } from '../access/mod.ts';
import { limits } from '../base/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import type { Row } from '../store/mod.ts';

/** What the server itself may make of an object: it always has room to mark it deleted, and to say why it stays. */
export const SYSTEM_BYTES_MAX = limits.objectBytesMax + limits.objectBytesSpare;

/**
 * How many bytes an object may have that a write stores. What users send has to fit the limit; what the server adds
 * has room beyond it, so that nobody can make an object that cannot be deleted. Of one that goes, users take
 * finalizers away although it is larger by then, and half of the room is never theirs.
 */
export function bytesMaxOf(write: {
  readonly user: User;
  readonly verb: string;
  readonly object: KubeObject;
  readonly row: Row | undefined;
}): number {
  const { user, verb, object, row } = write;
  if (user === SYSTEM_USER || verb === 'delete' || verb === 'deletecollection') return SYSTEM_BYTES_MAX;
  if (row === undefined || object.metadata.deletionTimestamp === undefined) return limits.objectBytesMax;
  const theirs = Math.min(row.json.length - 1, limits.objectBytesMax + limits.objectBytesSpare / 2);
  return Math.max(limits.objectBytesMax, theirs);
}
