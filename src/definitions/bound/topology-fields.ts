import { type KubeObject, objectAt, textAt } from '../../machinery/mod.ts';
import { REFERENCES_FIELD } from '../../store/mod.ts';
import { EXPORT_LABEL } from '../claims/mod.ts';

/** What an APIExportEndpointSlice refers to once its export is known, by the hash of the export. */
export function sliceReference(hash: string): string {
  return `endpointslice:${hash}`;
}

/** What all slices refer to that a Partition narrows, and all PartitionSets: shards decide about them. */
export const PARTITIONED = 'partitioned';

/** The server's own fields of an APIExportEndpointSlice. */
export function sliceFields(slice: KubeObject): Record<string, string> {
  const references: string[] = [];
  const hash = slice.metadata.labels?.[EXPORT_LABEL] ?? '';
  if (HASH.test(hash)) references.push(sliceReference(hash));
  if (textAt(objectAt(slice, 'spec'), 'partition') !== '') references.push(PARTITIONED);
  return { [REFERENCES_FIELD]: references.join('\n') };
}

const HASH = /^[0-9A-Za-z]{1,63}$/;

/** The server's own fields of a PartitionSet. */
export function partitionSetFields(): Record<string, string> {
  return { [REFERENCES_FIELD]: PARTITIONED };
}
