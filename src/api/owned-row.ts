import type { Definition } from '../definitions/mod.ts';
import { isOwnershipSame, type KubeObject, StatusError } from '../machinery/mod.ts';
import { type NewRow, REMEMBERED_FIELD, type Row } from '../store/mod.ts';
import { encodeRow } from './row-codec.ts';

/**
 * The row of an object: the current one if nothing but the times differ at which managers took their fields.
 * Of an object that is too large, ownership is what can be done without.
 */
export function encodeOwned(
  definition: Definition,
  { object, version }: { readonly object: KubeObject; readonly version: string },
  before: {
    readonly row: Row | undefined;
    readonly current: KubeObject | undefined;
    readonly bytesMax: number;
  },
): NewRow {
  const { bytesMax } = before;
  const entries = object.metadata.managedFields;
  let row: NewRow;
  try {
    row = encodeRow(definition, version, object, bytesMax);
  } catch (error) {
    const isTooLarge = error instanceof StatusError && error.reason === 'RequestEntityTooLarge';
    if (!isTooLarge || entries === undefined) throw error;
    delete object.metadata.managedFields;
    return encodeRow(definition, version, object, bytesMax);
  }
  const known = before.current?.metadata.managedFields;
  if (before.row === undefined || isSameObject(row, before.row) || known === undefined) return row;
  if (entries === undefined || !isOwnershipSame(entries, known)) return row;
  object.metadata.managedFields = known;
  const timeless = encodeRow(definition, version, object, bytesMax);
  if (isSameObject(timeless, before.row)) return timeless;
  object.metadata.managedFields = entries;
  return row;
}

/** Whether storing a row would change nothing. */
export function isSameRow(row: NewRow, current: Row): boolean {
  const isSame =
    isSameObject(row, current) && row.fields[REMEMBERED_FIELD] === current.fields[REMEMBERED_FIELD];
  // What another region's write has left behind may be seen later.
  return isSame && (row.document === undefined || isSameDocument(row, current));
}

function isSameDocument(row: NewRow, { document }: Row): boolean {
  return document !== undefined && Buffer.compare(row.document!, document) === 0;
}

function isSameObject(row: NewRow, current: Row): boolean {
  return row.definitionHash === current.definitionHash && Buffer.compare(row.json, current.json) === 0;
}
