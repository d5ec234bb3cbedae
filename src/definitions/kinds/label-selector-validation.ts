import {
  at,
  child,
  type FieldError,
  forbidden,
  invalid,
  type JsonObject,
  labelValueErrors,
  objectsAt,
  qualifiedNameErrors,
  required,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';
import { mapAt } from './data-keys.ts';

/** Errors of a metav1.LabelSelector inside an object (metav1 validation.ValidateLabelSelector). */
export function validateLabelSelector(selector: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const labels = mapAt(selector, 'matchLabels');
  const labelsPath = child(path, 'matchLabels');
  for (const key of Object.keys(labels).sort()) {
    for (const detail of qualifiedNameErrors(key)) errors.push(invalid(labelsPath, key, detail));
    const value = textAt(labels, key);
    for (const detail of labelValueErrors(value)) errors.push(invalid(labelsPath, value, detail));
  }
  for (const [index, requirement] of objectsAt(selector, 'matchExpressions').entries()) {
    errors.push(...validateRequirement(requirement, at(child(path, 'matchExpressions'), index)));
  }
  return errors;
}

function validateRequirement(requirement: JsonObject, path: string): FieldError[] {
  const operator = textAt(requirement, 'operator');
  const values = textsAt(requirement, 'values');
  const valuesPath = child(path, 'values');
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(valuesPath, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.push(
        forbidden(valuesPath, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
    }
  } else {
    errors.push(invalid(child(path, 'operator'), operator, 'not a valid selector operator'));
  }
  const key = textAt(requirement, 'key');
  for (const detail of qualifiedNameErrors(key)) errors.push(invalid(child(path, 'key'), key, detail));
  for (const [index, value] of values.entries()) {
    for (const detail of labelValueErrors(value)) errors.push(invalid(at(valuesPath, index), value, detail));
  }
  return errors;
}
