import { expect, test } from 'vitest';
import { accessReviews } from './access-reviews.ts';
import { contextOf, createErrors, kubeObject, texts } from './kinds.suite.ts';

const review = (kind: string) => accessReviews.find((source) => source.kind === kind)!;
const resourceAttributes = { verb: 'get', resource: 'configmaps', namespace: 'n' };
const errorsOf = (kind: string, spec: object, metadata: object = {}) => {
  const object = kubeObject({ spec });
  for (const key of Object.keys(object.metadata)) delete object.metadata[key];
  Object.assign(object.metadata, metadata);
  return texts(review(kind).strategy.validateCreate(object, contextOf()));
};

test('a complete question is accepted by each kind', () => {
  expect(errorsOf('SubjectAccessReview', { user: 'u', resourceAttributes })).toEqual([]);
  expect(errorsOf('SelfSubjectAccessReview', { nonResourceAttributes: { path: '/', verb: 'get' } })).toEqual(
    [],
  );
  expect(errorsOf('SelfSubjectRulesReview', { namespace: 'n' })).toEqual([]);
  expect(
    errorsOf('LocalSubjectAccessReview', { groups: ['g'], resourceAttributes }, { namespace: 'n' }),
  ).toEqual([]);
});

test('a question is about a resource or a path, and about somebody', () => {
  expect(errorsOf('SubjectAccessReview', {})).toEqual([
    'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    'spec.user: Invalid value: "": at least one of user or group must be specified',
  ]);
  const both = { resourceAttributes, nonResourceAttributes: { path: '/', verb: 'get' } };
  expect(errorsOf('SelfSubjectAccessReview', both)).toEqual([
    'spec.nonResourceAttributes: Invalid value: {"Path":"/","Verb":"get"}: cannot be specified in combination with resourceAttributes',
  ]);
});

test('a review has no name; a local one has the namespace of its question', () => {
  expect(createErrors(review('SelfSubjectAccessReview'), { spec: { resourceAttributes } })).toEqual([
    'metadata: Invalid value: {"name":"a","namespace":"n"}: must be empty',
  ]);
  const spec = { user: 'u', resourceAttributes };
  expect(errorsOf('LocalSubjectAccessReview', spec, { namespace: 'm' })).toEqual([
    'spec.resourceAttributes.namespace: Invalid value: "n": must match metadata.namespace',
  ]);
});

test('a selector has one form', () => {
  const errors = (fieldSelector: object) =>
    errorsOf('SelfSubjectAccessReview', { resourceAttributes: { ...resourceAttributes, fieldSelector } });
  const path = 'spec.resourceAttributes.fieldSelector';
  expect(errors({ rawSelector: 'a=b' })).toEqual([]);
  expect(errors({})).toEqual([
    `${path}.requirements: Required value: when ${path} is specified, requirements or rawSelector is required`,
  ]);
  expect(errors({ rawSelector: 'a', requirements: [{ key: 'a', operator: 'Exists' }] })).toEqual([
    `${path}.rawSelector: Invalid value: "a": may not specified at the same time as requirements`,
  ]);
});
