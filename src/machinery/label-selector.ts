import { goQuote } from './field-error.ts';
import { isObject, type JsonObject, type JsonValue } from './json-value.ts';
import {
  LABEL_REQUIREMENTS_MAX,
  LABEL_VALUES_MAX,
  parseRequirements,
  selectorTooLarge,
} from './label-selector-parser.ts';
import {
  type LabelOperator,
  type LabelRequirement,
  requirementMatcher,
  requirementProblem,
  requirementText,
} from './label-selector-requirement.ts';
import { newBadRequest } from './status-error.ts';

export type { LabelOperator, LabelRequirement } from './label-selector-requirement.ts';

/** A conjunction of requirements, sorted by key. */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  /** True if every requirement holds; an object without labels has none of the keys. */
  matches(labels: Readonly<Record<string, string>> | undefined): boolean;
  /** The canonical form: what labels.Selector.String prints; empty if the selector takes everything. */
  readonly text: string;
}

/** Takes every object. */
export const everythingLabelSelector: LabelSelector = selectorOf([]);

/**
 * Reads the `labelSelector` parameter.
 *
 * @throws StatusError 400 with upstream's text; also beyond 200 requirements or 1,000 values.
 */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements = parseRequirements(text);
  return requirements.length === 0 ? everythingLabelSelector : selectorOf(requirements);
}

/**
 * Reads a metav1.LabelSelector. One without terms takes everything; what an absent selector means, the
 * field that lacks it says.
 *
 * @throws StatusError 400
 */
export function labelSelectorFromObject(selector: JsonObject): LabelSelector {
  const requirements = [
    ...requirementsFromLabels(selector['matchLabels']),
    ...requirementsFromExpressions(selector['matchExpressions']),
  ];
  const valueCount = requirements.reduce((count, { values }) => count + values.length, 0);
  if (requirements.length > LABEL_REQUIREMENTS_MAX || valueCount > LABEL_VALUES_MAX) throw selectorTooLarge();
  for (const requirement of requirements) {
    const problem = requirementProblem(requirement);
    if (problem !== undefined) throw newBadRequest(problem);
  }
  return requirements.length === 0 ? everythingLabelSelector : selectorOf(requirements);
}

function requirementsFromLabels(labels: JsonValue | undefined): LabelRequirement[] {
  if (labels === undefined || labels === null) return [];
  if (!isObject(labels)) throw newBadRequest('matchLabels must be a map of strings');
  return Object.keys(labels).map((key) => {
    const value = labels[key];
    if (typeof value !== 'string') throw newBadRequest('matchLabels must be a map of strings');
    return { key, operator: '=', values: [value] };
  });
}

const EXPRESSION_OPERATORS: ReadonlyMap<string, LabelOperator> = new Map<string, LabelOperator>([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
]);

function requirementsFromExpressions(expressions: JsonValue | undefined): LabelRequirement[] {
  if (expressions === undefined || expressions === null) return [];
  if (!Array.isArray(expressions)) throw newBadRequest('matchExpressions must be a list');
  return expressions.map((expression) => {
    if (!isObject(expression)) throw newBadRequest('matchExpressions must be a list of objects');
    const { key = '', operator: name = '' } = expression;
    if (typeof key !== 'string' || typeof name !== 'string') {
      throw newBadRequest('key and operator of a label selector requirement must be strings');
    }
    const operator = EXPRESSION_OPERATORS.get(name);
    if (operator === undefined)
      throw newBadRequest(`${goQuote(name)} is not a valid label selector operator`);
    return { key, operator, values: [...new Set(stringList(expression['values']))].sort() };
  });
}

function stringList(values: JsonValue | undefined): string[] {
  if (values === undefined || values === null) return [];
  const isStringList = Array.isArray(values) && values.every((value) => typeof value === 'string');
  if (!isStringList) throw newBadRequest('values of a label selector requirement must be a list of strings');
  return values;
}

function selectorOf(unsorted: readonly LabelRequirement[]): LabelSelector {
  const requirements = [...unsorted].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const conditions = requirements.map((requirement) => ({
    key: requirement.key,
    accepts: requirementMatcher(requirement),
  }));
  return {
    requirements,
    text: requirements.map(requirementText).join(','),
    matches(labels) {
      for (const { key, accepts } of conditions) {
        // An own key: labels that did not come from the parser may inherit `constructor`.
        const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
        if (!accepts(value)) return false;
      }
      return true;
    },
  };
}
