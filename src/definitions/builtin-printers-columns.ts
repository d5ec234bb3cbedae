import { humanDuration, type KubeObject, parseTime } from '../machinery/mod.ts';
import type { TableColumn } from './definition.ts';

/** Go's zero time: how a timestamp that was never set reads when it is written out all the same. */
export const ZERO_TIME = '0001-01-01T00:00:00Z';
const ZERO_TIME_MS = Date.parse(ZERO_TIME);

export const CREATION_DESCRIPTION =
  'When the server stored the object for the first time: RFC 3339, in UTC, set by the server only.';

/** A string column for every terminal width, unless said otherwise. */
export function column(
  name: string,
  description: string,
  { type = 'string', format = '', priority = 0 }: Partial<TableColumn> = {},
): TableColumn {
  return { name, type, format, description, priority };
}

export const NAME_COLUMN = column(
  'Name',
  'The name of the object: unique among the objects of its kind in its namespace (or in the cluster).',
  { format: 'name' },
);
export const AGE_COLUMN = column('Age', CREATION_DESCRIPTION);

/** The cell of the Name column. */
export function nameOf(object: KubeObject): string {
  return object.metadata.name ?? '';
}

/** The cell of the Age column. */
export function ageOf(object: KubeObject, nowMs: number): string {
  return timeSince(object.metadata.creationTimestamp, nowMs);
}

/** How long ago a stored time was; `<unknown>` if it was never set, `<invalid>` if it is no time. */
export function timeSince(time: string | null | undefined, nowMs: number): string {
  if (time === undefined || time === null || time === '') return '<unknown>';
  const ms = parseTime(time);
  if (ms === undefined) return '<invalid>';
  return ms === ZERO_TIME_MS ? '<unknown>' : humanDuration(nowMs - ms);
}
