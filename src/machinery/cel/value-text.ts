import { doubleText } from './number-text.ts';
import { durationGoText, timestampGoText } from './time-text.ts';
import { CelDuration, CelTimestamp } from './time-values.ts';
import { CelType } from './types.ts';
import { CelError, CelList, CelMap, CelOptional, type CelResult, CelUint, type CelValue } from './values.ts';

/** How error texts show a value: as Go prints cel-go's values. */
export function celText(value: CelValue): string {
  if (typeof value === 'number') return doubleText(value);
  if (value === null) return 'null';
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return `[${value.join(' ')}]`;
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof CelList) return listText(value);
  if (value instanceof CelMap) return mapText(value);
  if (value instanceof CelTimestamp) return timestampGoText(value);
  if (value instanceof CelDuration) return durationGoText(value);
  if (value instanceof CelType) return value.text;
  if (value instanceof CelOptional) {
    return value.value === undefined ? 'optional.none()' : `optional(${celText(value.value)})`;
  }
  return value.type.name;
}

/** Texts stop here: an error message shall not repeat a whole object. */
const elementsShownMax = 1000;

function listText(list: CelList): string {
  const items: string[] = [];
  for (let index = 0; index < Math.min(list.size, elementsShownMax); index++)
    items.push(celText(list.get(index)));
  return `[${items.join(', ')}]`;
}

function mapText(map: CelMap): string {
  const entries: string[] = [];
  for (const key of map.keys()) {
    entries.push(`${celText(key)}: ${resultText(map.get(key))}`);
    if (entries.length === elementsShownMax) break;
  }
  return `{${entries.join(', ')}}`;
}

function resultText(value: CelResult | undefined): string {
  if (value === undefined) return '';
  return value instanceof CelError ? value.message : celText(value);
}

/** The name of the Go type that holds such a value in cel-go; a few of its messages show it. */
export function goTypeName(value: CelValue): string {
  switch (typeof value) {
    case 'boolean':
      return 'types.Bool';
    case 'bigint':
      return 'types.Int';
    case 'number':
      return 'types.Double';
    case 'string':
      return 'types.String';
    default:
  }
  if (value === null) return 'types.Null';
  if (value instanceof Uint8Array) return 'types.Bytes';
  if (value instanceof CelUint) return 'types.Uint';
  if (value instanceof CelTimestamp) return 'types.Timestamp';
  if (value instanceof CelDuration) return 'types.Duration';
  if (value instanceof CelType) return '*types.Type';
  if (value instanceof CelOptional) return '*types.Optional';
  if (value instanceof CelList) return '*types.baseList';
  return value instanceof CelMap ? '*types.baseMap' : value.type.name;
}
