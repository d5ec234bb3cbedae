import type { FieldError } from '../field-error.ts';
import type { Schema } from './schema.ts';
import { validateSchemaDefaults } from './schema-defaults.ts';
import { validateSchemaKeywords } from './schema-keywords.ts';

/** Is this error of a schema not held against an update. */
export type Tolerance = (error: FieldError) => boolean;

/**
 * Rules that came after the first CRDs are not held against the update of one that breaks them already,
 * wherever it does: as upstream, one old defect forgives all of its kind.
 *
 * @param oldSchemas the schemas of all versions before the update
 */
export function toleranceOf(oldSchemas: readonly Schema[]): Tolerance {
  let oldErrors: readonly FieldError[] | undefined;
  const forgiven = new Map<Defect, boolean>();
  return (error) => {
    const defect = DEFECTS.find((isDefect) => isDefect(error));
    if (defect === undefined) return false;
    oldErrors ??= oldSchemas.flatMap((schema) => [
      ...validateSchemaKeywords(schema, ''),
      ...validateSchemaDefaults(schema, ''),
    ]);
    let isForgiven = forgiven.get(defect);
    if (isForgiven === undefined) {
      isForgiven = oldErrors.some(defect);
      forgiven.set(defect, isForgiven);
    }
    return isForgiven;
  };
}

type Defect = (error: FieldError) => boolean;

const DEFECTS: readonly Defect[] = [
  ({ type, field }) =>
    type === 'FieldValueNotSupported' && field.endsWith('type') && !field.includes('x-kubernetes'),
  ({ detail }) => detail === 'must not have unknown fields',
  ({ detail }) => detail === 'must be atomic as item of a list with x-kubernetes-list-type=set',
  ({ detail }) =>
    detail.startsWith('cannot be nullable when x-kubernetes-list-type is ') ||
    detail.startsWith('this property is in x-kubernetes-list-map-keys, so it '),
];
