import type { JsonValue } from '../json-value.ts';
import type { ApplyType } from './apply-type.ts';
import { TypedValueError } from './typed-value-error.ts';
import { validateValue } from './validate.ts';

/** A value that has been checked against its type, as it stands in one version of its API. */
export interface TypedValue {
  readonly value: JsonValue;
  readonly type: ApplyType;
  /** `group/version`, or `v1`. Values of different versions are not compared but converted first. */
  readonly apiVersion: string;
}

export interface TypedValueOptions extends TypedValue {
  /** Sets and associative lists may hold an item twice: so for what is stored and for updates, not for applies. */
  readonly allowDuplicates?: boolean;
}

/**
 * Checks a value against its type.
 *
 * @throws {TypedValueError} with upstream's texts
 */
export function typedValue(options: TypedValueOptions): TypedValue {
  const { value, type, apiVersion, allowDuplicates = false } = options;
  const faults = validateValue(value, type, { allowDuplicates });
  if (faults.length > 0) throw new TypedValueError(faults);
  return { value, type, apiVersion };
}
