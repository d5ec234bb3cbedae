import fc from 'fast-check';
import {
  combinedResource,
  type PathQuestion,
  type PolicyRule,
  type ResourceQuestion,
  subresourceOfAll,
  urlCovers,
} from './policy-rule.ts';

/** A rule for tests: what is not given is empty. */
export function rule(partial: Partial<PolicyRule>): PolicyRule {
  return { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [], ...partial };
}

// Few words, so that rules and questions meet often.
const verb = fc.constantFrom('get', 'list', 'update', '*');
const group = fc.constantFrom('', 'apps', '*');
const resource = fc.constantFrom(
  'pods',
  'secrets',
  '*',
  '*/scale',
  'pods/scale',
  'pods/log',
  '*/log',
  'pods/',
  '*/',
);
const name = fc.constantFrom('a', 'b', '', '*');
const url = fc.constantFrom('/a', '/a/*', '/a/b', '/a/b/*', '*', '/a**', '/ab*', '/');
const some = <T>(values: fc.Arbitrary<T>, minLength = 1) => fc.array(values, { minLength, maxLength: 3 });

/** A rule on resources or on paths, now and then with an entry that is there twice. */
export const ruleArb: fc.Arbitrary<PolicyRule> = fc.oneof(
  fc
    .record({
      verbs: some(verb),
      apiGroups: some(group),
      resources: some(resource),
      resourceNames: some(name, 0),
    })
    .map(rule),
  fc.record({ verbs: some(verb), nonResourceURLs: some(url) }).map(rule),
);

export const resourceQuestionArb: fc.Arbitrary<ResourceQuestion> = fc.record({
  verb: fc.constantFrom('get', 'list', 'update', 'delete'),
  group: fc.constantFrom('', 'apps', 'batch'),
  resource: fc.constantFrom('pods', 'secrets', 'x'),
  subresource: fc.constantFrom('', 'scale', 'log'),
  name: fc.constantFrom('', 'a', 'b', undefined),
});

export const pathQuestionArb: fc.Arbitrary<PathQuestion> = fc.record({
  verb: fc.constantFrom('get', 'post'),
  path: fc.constantFrom('/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/c'),
});

const ALL = '*';

/**
 * Whether one rule allows something on a resource, word by word as upstream's RuleAllows says. Rule sets are
 * asked through `RuleIndex`, which must answer the same.
 */
export function ruleAllowsResource(rule: PolicyRule, question: ResourceQuestion): boolean {
  return (
    takes(rule.verbs, question.verb) &&
    takes(rule.apiGroups, question.group) &&
    takesResource(rule.resources, question) &&
    (rule.resourceNames.length === 0 ||
      (question.name !== undefined && rule.resourceNames.includes(question.name)))
  );
}

/** The same for a path. */
export function ruleAllowsPath(rule: PolicyRule, question: PathQuestion): boolean {
  return (
    takes(rule.verbs, question.verb) && rule.nonResourceURLs.some((url) => urlCovers(url, question.path))
  );
}

function takes(entries: readonly string[], wanted: string): boolean {
  return entries.includes(ALL) || entries.includes(wanted);
}

function takesResource(entries: readonly string[], question: ResourceQuestion): boolean {
  const { resource, subresource } = question;
  const wanted = combinedResource(resource, subresource);
  return entries.some(
    (entry) =>
      entry === ALL || entry === wanted || (subresource !== '' && subresourceOfAll(entry) === subresource),
  );
}
