import {
  type FieldError,
  invalid,
  isObject,
  type JsonValue,
  type KubeObject,
  splitFieldPath,
} from '../../machinery/mod.ts';
import type { ScalePaths } from '../definition.ts';

/** The fields that the scale subresource shows must be what a Scale can hold. */
export function validateScaleFields(
  object: KubeObject,
  scale: ScalePaths,
  { isStatusOnly }: { readonly isStatusOnly: boolean },
): FieldError[] {
  const errors = isStatusOnly ? [] : validateReplicas(object, scale.specReplicasPath);
  errors.push(...validateReplicas(object, scale.statusReplicasPath));
  if (scale.labelSelectorPath === undefined) return errors;
  const selector = valueAtPath(object, scale.labelSelectorPath);
  if (selector === undefined || typeof selector === 'string') return errors;
  const detail = `${scale.labelSelectorPath} accessor error: ${JSON.stringify(printed(selector))} is not a string`;
  return [...errors, invalid(scale.labelSelectorPath, '', detail)];
}

/** The value that a simple field path leads to in an object. */
export function valueAtPath(object: JsonValue, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const key of splitFieldPath(path) ?? [path]) value = isObject(value) ? value[key] : undefined;
  return value;
}

const INT32_MAX = 2 ** 31 - 1;

function validateReplicas(object: KubeObject, path: string): FieldError[] {
  const value = valueAtPath(object, path);
  if (value === undefined) return [];
  // The error's path is the path as the definition has it, with its dot.
  const isInteger = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
  if (!isInteger) return [invalid(path, 0, `${path} accessor error: ${printed(value)} is not an integer`)];
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  if (value > INT32_MAX) return [invalid(path, value, `should be less than or equal to ${INT32_MAX}`)];
  return [];
}

function printed(value: JsonValue): string {
  return typeof value === 'object' ? (Array.isArray(value) ? 'list' : 'map') : String(value);
}
