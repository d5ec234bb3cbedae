import { type FieldError, fieldErrorText, invalid } from './field-error.ts';
import { labelValueErrors, qualifiedNameErrors } from './names.ts';

/** The operators of labels.Requirement; `==` keeps its spelling, and means the same as `=`. */
export type LabelOperator = 'exists' | '!' | 'in' | 'notin' | '=' | '==' | '!=' | 'gt' | 'lt';

/** One condition of a label selector; `values` is sorted, without duplicates, and empty for `exists` and `!`. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** What is wrong with a requirement, in upstream's words, or undefined (labels.NewRequirement). */
export function requirementProblem(requirement: LabelRequirement): string | undefined {
  const errors: FieldError[] = [];
  const keyErrors = qualifiedNameErrors(requirement.key);
  if (keyErrors.length > 0) errors.push(invalid('key', requirement.key, keyErrors.join('; ')));
  errors.push(...countErrors(requirement), ...integerErrors(requirement));
  requirement.values.forEach((value, index) => {
    const problems = labelValueErrors(value);
    if (problems.length > 0) {
      errors.push(invalid(`values[${index}][${requirement.key}]`, value, problems.join('; ')));
    }
  });
  if (errors.length === 0) return undefined;
  const texts = [...new Set(errors.map(fieldErrorText))];
  return texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
}

/** The requirement as a selector spells it; values in order. */
export function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'gt':
      return `${key}>${values.join(',')}`;
    case 'lt':
      return `${key}<${values.join(',')}`;
    default:
      return `${key}${operator}${values.join(',')}`;
  }
}

/** Decides by the value of the requirement's key, which is undefined for an object without that label. */
export function requirementMatcher({
  operator,
  values,
}: LabelRequirement): (value: string | undefined) => boolean {
  switch (operator) {
    case 'exists':
      return (value) => value !== undefined;
    case '!':
      return (value) => value === undefined;
    case 'gt':
    case 'lt':
      return integerMatcher(operator, values[0]!);
  }
  const wanted = new Set(values);
  if (operator === 'notin' || operator === '!=') return (value) => value === undefined || !wanted.has(value);
  return (value) => value !== undefined && wanted.has(value);
}

function countErrors({ operator, values }: LabelRequirement): FieldError[] {
  const wrong = (detail: string) => [invalid('values', [...values], detail)];
  switch (operator) {
    case 'in':
    case 'notin':
      return values.length === 0 ? wrong("for 'in', 'notin' operators, values set can't be empty") : [];
    case '=':
    case '==':
    case '!=':
      return values.length !== 1 ? wrong('exact-match compatibility requires one single value') : [];
    case 'exists':
    case '!':
      return values.length !== 0 ? wrong('values set must be empty for exists and does not exist') : [];
    case 'gt':
    case 'lt':
      return values.length !== 1 ? wrong("for 'Gt', 'Lt' operators, exactly one value is required") : [];
  }
}

function integerErrors({ operator, values }: LabelRequirement): FieldError[] {
  if (operator !== 'gt' && operator !== 'lt') return [];
  return values.flatMap((value, index) =>
    integerOf(value) === undefined
      ? [invalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer")]
      : [],
  );
}

function integerMatcher(operator: 'gt' | 'lt', bound: string): (value: string | undefined) => boolean {
  const limit = integerOf(bound);
  return (value) => {
    const number = value === undefined ? undefined : integerOf(value);
    if (number === undefined || limit === undefined) return false;
    return operator === 'gt' ? number > limit : number < limit;
  };
}

/** A decimal int64, as strconv.ParseInt reads it. A label value has at most 63 characters, hence so has this. */
function integerOf(text: string): bigint | undefined {
  if (text.length > 64 || !/^[+-]?[0-9]+$/.test(text)) return undefined;
  const number = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return number === BigInt.asIntN(64, number) ? number : undefined;
}
