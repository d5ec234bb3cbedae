import { at, child, type FieldError, required } from '../field-error.ts';
import type { Schema } from './schema.ts';
import { propertySchemaOf } from './schema-nodes.ts';

/**
 * Every property and list item that a branch (allOf, anyOf, oneOf, not) speaks of must be declared
 * outside of the branches as well, so that pruning needs to look nowhere else. As upstream,
 * only the branches of the root are followed: CRDs in the wild rely on it.
 */
export function validateCompleteness(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkBranches(schema, schema, { structuralPath: path, branchPath: path, errors });
  return errors;
}

interface Place {
  /** Where the declaration must be. */
  readonly structuralPath: string;
  /** Where the restriction is. */
  readonly branchPath: string;
  readonly errors: FieldError[];
}

function checkBranches(restriction: Schema, declared: Schema, place: Place): void {
  if (restriction.not !== undefined) checkBranch(restriction.not, declared, below(place, 'not'));
  for (const keyword of ['allOf', 'anyOf', 'oneOf'] as const) {
    (restriction[keyword] ?? []).forEach((branch, index) => {
      checkBranch(branch, declared, { ...place, branchPath: at(child(place.branchPath, keyword), index) });
    });
  }
}

function checkBranch(branch: Schema, declared: Schema, place: Place): void {
  checkBranches(branch, declared, place);
  if (branch.items !== undefined) {
    const structuralPath = child(place.structuralPath, 'items');
    const itemsPlace = { ...place, structuralPath, branchPath: child(place.branchPath, 'items') };
    if (declared.items === undefined) complain(itemsPlace);
    else checkBranch(branch.items, declared.items, itemsPlace);
  }
  for (const [key, property] of Object.entries(branch.properties ?? {})) {
    const propertyPlace = {
      ...place,
      structuralPath: at(child(place.structuralPath, 'properties'), key),
      branchPath: at(child(place.branchPath, 'properties'), key),
    };
    const declaredProperty = propertySchemaOf(declared, key);
    if (declaredProperty === undefined) complain(propertyPlace);
    else checkBranch(property, declaredProperty, propertyPlace);
  }
}

function below(place: Place, keyword: string): Place {
  return { ...place, branchPath: child(place.branchPath, keyword) };
}

function complain({ structuralPath, branchPath, errors }: Place): void {
  errors.push(required(structuralPath, `because it is defined in ${branchPath}`));
}
