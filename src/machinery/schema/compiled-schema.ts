import type { FieldError } from '../field-error.ts';
import type { JsonValue } from '../json-value.ts';
import { compileGate, type Gate } from './ajv-gate.ts';
import type { CorrelatedValue } from './correlated-value.ts';
import { validateListTypes } from './list-types.ts';
import type { Schema } from './schema.ts';
import { validateValue } from './value-validation.ts';

/** A schema that is ready to validate values. It is dropped together with what was compiled for it. */
export interface CompiledSchema {
  /** All errors of a value: of its schema and of its lists of type set and map. At most some hundred. */
  validate(value: JsonValue, path: string): FieldError[];
  /**
   * The errors of {@link validate} without those of the list types, which updates treat differently.
   *
   * @param correlation the value with what it replaces, if this is an update that may keep old errors
   */
  validateValues(value: JsonValue, path: string, correlation?: CorrelatedValue): FieldError[];
}

export interface CompileOptions {
  /** How many validations make a schema worth compiling with ajv. */
  readonly hotAfter?: number;
}

/**
 * ajv takes 25 ms and more to load and compile the schema of a real CRD, and then saves some 10 µs of each
 * validation. It pays well after this many, which most CRDs of most workspaces never come near.
 */
const HOT_AFTER = 10_000;

/** Makes a schema ready for validation. It is cheap: code is generated only for schemas that prove hot. */
export function compileSchema(schema: Schema, options: CompileOptions = {}): CompiledSchema {
  let untilHot = options.hotAfter ?? HOT_AFTER;
  let gate: Gate | undefined;

  function validateValues(value: JsonValue, path: string, correlation?: CorrelatedValue): FieldError[] {
    if (untilHot > 0) untilHot--;
    else if (untilHot === 0) {
      untilHot = -1;
      gate = compileGate(schema);
    }
    if (gate?.(value) === true) return [];
    return validateValue(schema, value, { base: path, correlation }).distinctErrors();
  }

  return {
    validateValues,
    validate: (value, path) => [...validateValues(value, path), ...validateListTypes(value, schema, path)],
  };
}
