import type { Row } from '../store/mod.ts';

/**
 * Stored bytes with resourceVersion and the cluster annotation put in, without parsing. `skipTypes`
 * leaves out apiVersion and kind, as upstream does for the items of a typed list.
 */
export interface SplicePlan {
  readonly row: Row;
  readonly insertion: string;
  /** Where the stored bytes go on after the insertion. */
  readonly resumeOffset: number;
  readonly sizeBytes: number;
  readonly skipTypes: boolean;
}

const ANNOTATIONS_OPEN = '"annotations":{';
const METADATA_OPEN = '{"metadata":{';

export function planSplice(row: Row, cluster: string, options: { readonly skipTypes: boolean }): SplicePlan {
  // Clusters match a pattern of ASCII letters, digits, `-` and `:`, so they need no escaping.
  const head = `"resourceVersion":"${row.revision}","annotations":{"kcp.io/cluster":"${cluster}"`;
  const insertion = row.isAnnotated ? `${head},` : `${head}},`;
  const resumeOffset = row.isAnnotated ? row.metadataOffset + ANNOTATIONS_OPEN.length : row.metadataOffset;
  const headBytes = options.skipTypes ? METADATA_OPEN.length : row.metadataOffset;
  const sizeBytes = headBytes + insertion.length + row.json.length - resumeOffset;
  return { row, insertion, resumeOffset, sizeBytes, skipTypes: options.skipTypes };
}

/** Writes the planned bytes; returns the offset behind them. */
export function writeSplice(target: Buffer, offset: number, plan: SplicePlan): number {
  const { row, insertion, resumeOffset } = plan;
  let position = offset;
  if (plan.skipTypes) position += target.write(METADATA_OPEN, position, 'latin1');
  else position += copyBytes(row.json, target, position, 0, row.metadataOffset);
  position += target.write(insertion, position, 'latin1');
  return position + copyBytes(row.json, target, position, resumeOffset, row.json.length);
}

/** One object as JSON. */
export function spliceObject(row: Row, cluster: string): Buffer {
  const plan = planSplice(row, cluster, { skipTypes: false });
  const target = Buffer.allocUnsafe(plan.sizeBytes);
  writeSplice(target, 0, plan);
  return target;
}

function copyBytes(source: Uint8Array, target: Buffer, at: number, from: number, to: number): number {
  target.set(source.subarray(from, to), at);
  return to - from;
}
