import type { JsonObject, JsonValue } from '../json-value.ts';
import type { ApplyType, ScalarType } from './apply-type.ts';
import { goPlain, goSyntax, goType } from './go-format.ts';

/** As what a value is treated; `any` where its type allows several kinds and the value is of none of them. */
export type ValueKind = 'map' | 'scalar' | 'list' | 'any';

/** Which of the kinds that the type allows the value has; a type of one kind has that kind for all values. */
export function kindOf(type: ApplyType, value: JsonValue | undefined): ValueKind {
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) {
      if (type.list !== undefined) return 'list';
    } else if (type.map !== undefined) return 'map';
  } else if (value !== null && value !== undefined && type.scalar !== undefined) return 'scalar';
  if (type.map !== undefined) return type.scalar === undefined && type.list === undefined ? 'map' : 'any';
  return type.scalar === undefined ? 'list' : 'scalar';
}

/** What is wrong with a scalar; null and absence are always right. */
export function scalarFault(type: ScalarType, value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  const is = typeof value;
  switch (type) {
    case 'numeric':
      if (is === 'number' || is === 'bigint') return undefined;
      return `expected numeric (int or float), got ${goType(value)}`;
    case 'string':
      return is === 'string'
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'boolean':
      return is === 'boolean' ? undefined : `expected boolean, got &{${goPlain(value)}}`;
    case 'untyped':
      return is === 'object' ? `expected any scalar, got &{${goPlain(value)}}` : undefined;
  }
}

/** The value if it is a map, else undefined: absent, null, and what is of another kind. */
export function asMap(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

/** The value if it is a list, else undefined. */
export function asList(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** Has the map no member? */
export function isEmptyMap(map: JsonObject): boolean {
  for (const key in map) if (map[key] !== undefined) return false;
  return true;
}
