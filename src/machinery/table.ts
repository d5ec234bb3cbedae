import { fieldErrorText, invalid } from './field-error.ts';
import { type JsonObject, type JsonValue, objectOf } from './json-value.ts';
import type { MetaApiVersion } from './partial-metadata.ts';
import { newBadRequest } from './status-error.ts';

/** What a row shows in one column. */
export type RowCell = string | number | bigint | boolean | null;

/** metav1.TableColumnDefinition; all five members are always sent. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

/** What the `object` member of a row holds. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions {
  readonly columns: readonly ColumnDefinition[];
  readonly rows: readonly JsonObject[];
  /** Of the list, or of the single object: only what a list metadata has is taken over. */
  readonly metadata: JsonObject;
  readonly apiVersion: MetaApiVersion;
  /** True for every watch event but the first: clients know the columns by then. */
  readonly omitColumns?: boolean;
}

/** A metav1.Table of the given rows, with list metadata (resourceVersion, continue, remainingItemCount). */
export function tableOf({
  columns,
  rows,
  metadata,
  apiVersion,
  omitColumns = false,
}: TableOptions): JsonObject {
  return objectOf({
    kind: 'Table',
    apiVersion,
    metadata: objectOf({
      resourceVersion: metadata['resourceVersion'],
      continue: metadata['continue'],
      remainingItemCount: metadata['remainingItemCount'],
    }),
    columnDefinitions: omitColumns ? null : columns.map(columnObject),
    rows: [...rows],
  });
}

/** One row. `object` is null for `includeObject=None`: upstream's RawExtension is never left out. */
export function tableRow(cells: readonly RowCell[], object: JsonValue | null): JsonObject {
  return objectOf({ cells: [...cells], object });
}

/** The query parameter `includeObject`; absent or empty means Metadata. Throws 400 for anything unknown. */
export function parseIncludeObject(text: string | undefined): IncludeObject {
  if (text === undefined || text === '') return 'Metadata';
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text;
  const error = invalid('includeObject', text, "must be 'Metadata', 'Object', 'None', or empty");
  throw newBadRequest(`Unable to convert to Table as requested: ${fieldErrorText(error)}`);
}

function columnObject({ name, type, format, description, priority }: ColumnDefinition): JsonObject {
  return objectOf({ name, type, format, description, priority });
}
