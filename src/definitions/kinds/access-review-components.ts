import {
  type Components,
  flag,
  item,
  kindStruct,
  list,
  META,
  map,
  nested,
  optional,
  struct,
  text,
  texts,
} from './fields.ts';

const AUTHORIZATION = 'io.k8s.api.authorization.v1';

const atomic = { listType: 'atomic' } as const;
const printedList = { presence: 'print', listType: 'atomic' } as const;

const reviewStatus = nested(`${AUTHORIZATION}.SubjectAccessReviewStatus`, 'The answer. Set by the server.');

const subjectReview = (description: string) =>
  kindStruct(
    description,
    {
      spec: nested(`${AUTHORIZATION}.SubjectAccessReviewSpec`, 'The question.'),
      status: reviewStatus,
    },
    { required: ['spec'] },
  );

const what = {
  nonResourceAttributes: optional(
    `${AUTHORIZATION}.NonResourceAttributes`,
    'The path, if it is no resource.',
  ),
  resourceAttributes: optional(`${AUTHORIZATION}.ResourceAttributes`, 'The resource, if it is one.'),
};

export const accessReviewComponents: Components = {
  [`${AUTHORIZATION}.SubjectAccessReview`]: subjectReview('Asks whether somebody may do something.'),
  [`${AUTHORIZATION}.LocalSubjectAccessReview`]: subjectReview(
    'Asks whether somebody may do something in this namespace.',
  ),
  [`${AUTHORIZATION}.SelfSubjectAccessReview`]: kindStruct(
    'Asks whether the caller may do something.',
    {
      spec: nested(`${AUTHORIZATION}.SelfSubjectAccessReviewSpec`, 'The question.'),
      status: reviewStatus,
    },
    { required: ['spec'] },
  ),
  [`${AUTHORIZATION}.SelfSubjectRulesReview`]: kindStruct(
    'Asks what the caller may do in a namespace, for display. Decisions need an access review.',
    {
      spec: nested(`${AUTHORIZATION}.SelfSubjectRulesReviewSpec`, 'The question.'),
      status: nested(`${AUTHORIZATION}.SubjectRulesReviewStatus`, 'The answer. Set by the server.'),
    },
    { required: ['spec'] },
  ),
  [`${AUTHORIZATION}.SubjectAccessReviewSpec`]: struct('Who wants to do what. Either a resource or a path.', {
    ...what,
    extra: map({ type: 'array', items: { type: 'string', default: '' } }, 'Other attributes of the user.'),
    groups: texts('Groups of the user.', atomic),
    uid: text('UID of the user.'),
    user: text('Name of the user.'),
  }),
  [`${AUTHORIZATION}.SelfSubjectAccessReviewSpec`]: struct(
    'What the caller wants to do. Either a resource or a path.',
    what,
  ),
  [`${AUTHORIZATION}.SelfSubjectRulesReviewSpec`]: struct('Where the caller wants to do something.', {
    namespace: text('The namespace. Required.'),
  }),
  [`${AUTHORIZATION}.ResourceAttributes`]: struct('An operation on a resource.', {
    fieldSelector: optional(
      `${AUTHORIZATION}.FieldSelectorAttributes`,
      'Limits it to some objects, by field.',
    ),
    group: text('Group of the resource; `*` for all.'),
    labelSelector: optional(
      `${AUTHORIZATION}.LabelSelectorAttributes`,
      'Limits it to some objects, by label.',
    ),
    name: text('Name of the object; empty for all.'),
    namespace: text('Namespace of the object; empty for all, and for cluster-scoped resources.'),
    resource: text('Plural name of the resource; `*` for all.'),
    subresource: text('The subresource; empty for none.'),
    verb: text('Verb, such as get, list or create; `*` for all.'),
    version: text('Version of the resource; `*` for all.'),
  }),
  [`${AUTHORIZATION}.NonResourceAttributes`]: struct('An operation on a path that is no resource.', {
    path: text('The path.'),
    verb: text('The HTTP method in lower case.'),
  }),
  [`${AUTHORIZATION}.FieldSelectorAttributes`]: selectorAttributes('field', 'FieldSelectorRequirement'),
  [`${AUTHORIZATION}.LabelSelectorAttributes`]: selectorAttributes('label', 'LabelSelectorRequirement'),
  [`${AUTHORIZATION}.SubjectAccessReviewStatus`]: struct(
    'Whether it is allowed.',
    {
      allowed: flag('True if it is allowed.', { presence: 'print' }),
      denied: flag('True if it is forbidden whatever other authorizers say.'),
      evaluationError: text('What went wrong while it was decided. There may be a decision nevertheless.'),
      reason: text('Why.'),
    },
    { required: ['allowed'] },
  ),
  [`${AUTHORIZATION}.SubjectRulesReviewStatus`]: struct(
    'What is allowed.',
    {
      evaluationError: text('What went wrong while the rules were collected.'),
      incomplete: flag('True if there may be more.', { presence: 'print' }),
      nonResourceRules: list(
        item(`${AUTHORIZATION}.NonResourceRule`),
        'What is allowed on paths.',
        printedList,
      ),
      resourceRules: list(
        item(`${AUTHORIZATION}.ResourceRule`),
        'What is allowed on resources.',
        printedList,
      ),
    },
    { required: ['resourceRules', 'nonResourceRules', 'incomplete'] },
  ),
  [`${AUTHORIZATION}.ResourceRule`]: struct(
    'Verbs on some resources.',
    {
      apiGroups: texts('Groups of the resources.', atomic),
      resourceNames: texts('Names of objects; empty for all.', atomic),
      resources: texts('Plural names.', atomic),
      verbs: texts('What is allowed.', printedList),
    },
    { required: ['verbs'] },
  ),
  [`${AUTHORIZATION}.NonResourceRule`]: struct(
    'Verbs on some paths.',
    {
      nonResourceURLs: texts('The paths.', atomic),
      verbs: texts('What is allowed.', printedList),
    },
    { required: ['verbs'] },
  ),
};

function selectorAttributes(kind: 'field' | 'label', requirement: string) {
  return struct(`A ${kind} selector, in its text form or as requirements.`, {
    rawSelector: text('The text form, as in a request.'),
    requirements: list(item(`${META}.${requirement}`), 'The requirements; all must hold.', atomic),
  });
}
