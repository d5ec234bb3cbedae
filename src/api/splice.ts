import type { LogicalCluster } from '../base/mod.ts';
import type { Row } from '../store/mod.ts';
import type { RevisionForm } from './revision-form.ts';

/**
 * Stored bytes with resourceVersion and the cluster annotation put in, without parsing. `skipTypes`
 * leaves out apiVersion and kind, as upstream does for the items of a typed list.
 */
export interface Splice {
  readonly row: Row;
  readonly cluster: LogicalCluster;
  readonly revisions: RevisionForm;
  readonly skipTypes: boolean;
}

const ANNOTATIONS_OPEN = '"annotations":{';
const METADATA_OPEN = '{"metadata":{';
// The longest text that is put in, but for the cluster's name: keys, quotes and 19 digits.
const INSERTION_BYTES_MAX = 96;

/** No less than {@link writeSplice} will write. */
export function spliceBytesMax({ row, cluster }: Splice): number {
  return row.json.length + cluster.length + INSERTION_BYTES_MAX;
}

/** Writes the object; returns the offset behind it. */
export function writeSplice(target: Buffer, offset: number, splice: Splice): number {
  const { row, cluster, revisions, skipTypes } = splice;
  const { json, metadataOffset, isAnnotated } = row;
  let position = offset;
  if (skipTypes) position += target.write(METADATA_OPEN, position, 'latin1');
  else position += copyBytes(json, target, { at: position, from: 0, to: metadataOffset });
  // Clusters match a pattern of ASCII letters, digits, `-` and `:`, so they need no escaping.
  const head = `"resourceVersion":"${revisions.ofObject(cluster, row.revision)}","annotations":{"kcp.io/cluster":"${cluster}"`;
  position += target.write(isAnnotated ? `${head},` : `${head}},`, position, 'latin1');
  const from = isAnnotated ? metadataOffset + ANNOTATIONS_OPEN.length : metadataOffset;
  return position + copyBytes(json, target, { at: position, from, to: json.length });
}

/** One object as JSON. */
export function spliceObject(options: Omit<Splice, 'skipTypes'>): Buffer {
  const splice = { ...options, skipTypes: false };
  const target = Buffer.allocUnsafe(spliceBytesMax(splice));
  return target.subarray(0, writeSplice(target, 0, splice));
}

function copyBytes(
  source: Buffer,
  target: Buffer,
  place: { readonly at: number; readonly from: number; readonly to: number },
): number {
  return source.copy(target, place.at, place.from, place.to);
}
