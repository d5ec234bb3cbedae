import {
  type FieldError,
  invalid,
  isObject,
  type JsonValue,
  type KubeObject,
  splitFieldPath,
} from '../../machinery/mod.ts';
import type { ScalePaths } from '../definition.ts';
import { AccessorError, integerAt, stringAt } from './nested-fields.ts';

/** The fields that the scale subresource shows must be what a Scale can hold. The paths keep their dot, as upstream's. */
export function validateScaleFields(
  object: KubeObject,
  scale: ScalePaths,
  { isStatusOnly }: { readonly isStatusOnly: boolean },
): FieldError[] {
  const errors = isStatusOnly ? [] : validateReplicas(object, scale.specReplicasPath);
  errors.push(...validateReplicas(object, scale.statusReplicasPath));
  const { labelSelectorPath } = scale;
  if (labelSelectorPath === undefined) return errors;
  const problem = problemOf(() => stringAt(object, labelSelectorPath));
  return problem === undefined ? errors : [...errors, invalid(labelSelectorPath, '', problem)];
}

/** The value that a simple field path leads to in an object. */
export function valueAtPath(object: JsonValue, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const key of splitFieldPath(path) ?? [path]) value = isObject(value) ? value[key] : undefined;
  return value;
}

const INT32_MAX = 2 ** 31 - 1;

function validateReplicas(object: KubeObject, path: string): FieldError[] {
  let value: number | bigint = 0;
  const problem = problemOf(() => {
    value = integerAt(object, path) ?? 0;
  });
  if (problem !== undefined) return [invalid(path, 0, problem)];
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  if (value > INT32_MAX) return [invalid(path, value, `should be less than or equal to ${INT32_MAX}`)];
  return [];
}

function problemOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof AccessorError) return error.message;
    throw error;
  }
}
