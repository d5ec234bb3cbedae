import {
  at,
  child,
  type FieldError,
  forbidden,
  invalid,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  labelValueErrors,
  newObject,
  objectAt,
  objectOf,
  objectsAt,
  qualifiedNameErrors,
  required,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';
import { type KindSource, strategyOf } from './kind.ts';

/** The kinds by which clients ask what is allowed. They are answered, never stored. */
export const accessReviews: readonly KindSource[] = [
  {
    ...review('SubjectAccessReview', 'subjectaccessreviews'),
    strategy: strategyOf({
      validateName: () => [],
      validate: (object) => [
        ...validateSubject(object),
        ...validateEmptyMetadata(object, { allowed: [], detail: 'must be empty' }),
      ],
    }),
  },
  {
    ...review('SelfSubjectAccessReview', 'selfsubjectaccessreviews'),
    strategy: strategyOf({
      validateName: () => [],
      validate: (object) => [
        ...validateAttributes(objectAt(object, 'spec') ?? newObject()),
        ...validateEmptyMetadata(object, { allowed: [], detail: 'must be empty' }),
      ],
    }),
  },
  {
    ...review('SelfSubjectRulesReview', 'selfsubjectrulesreviews'),
    strategy: strategyOf({ validateName: () => [] }),
  },
  {
    ...review('LocalSubjectAccessReview', 'localsubjectaccessreviews'),
    scope: 'Namespaced',
    strategy: strategyOf({ validateName: () => [], validate: validateLocalReview }),
  },
];

function review(kind: string, plural: string): Omit<KindSource, 'strategy'> {
  return {
    group: 'authorization.k8s.io',
    version: 'v1',
    kind,
    plural,
    component: `io.k8s.api.authorization.v1.${kind}`,
    scope: 'Cluster',
    verbs: ['create'],
    isVirtual: true,
  };
}

function validateLocalReview(object: KubeObject): FieldError[] {
  const spec = objectAt(object, 'spec');
  const resource = objectAt(spec, 'resourceAttributes');
  const errors = [
    ...validateSubject(object),
    ...validateEmptyMetadata(object, {
      allowed: ['namespace'],
      detail: 'must be empty except for namespace',
    }),
  ];
  if (resource !== undefined && textAt(resource, 'namespace') !== (object.metadata.namespace ?? '')) {
    const path = 'spec.resourceAttributes.namespace';
    errors.push(invalid(path, textAt(resource, 'namespace'), 'must match metadata.namespace'));
  }
  if (objectAt(spec, 'nonResourceAttributes') !== undefined) {
    const detail = 'disallowed on this kind of request';
    errors.push(invalid('spec.nonResourceAttributes', printedPath(spec), detail));
  }
  return errors;
}

function validateSubject(object: KubeObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? newObject();
  const errors = validateAttributes(spec);
  if (textAt(spec, 'user') === '' && textsAt(spec, 'groups').length === 0) {
    errors.push(invalid('spec.user', '', 'at least one of user or group must be specified'));
  }
  return errors;
}

function validateAttributes(spec: JsonObject): FieldError[] {
  const resource = objectAt(spec, 'resourceAttributes');
  const path = objectAt(spec, 'nonResourceAttributes');
  const errors: FieldError[] = [];
  if (resource !== undefined && path !== undefined) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    errors.push(invalid('spec.nonResourceAttributes', printedPath(spec), detail));
  }
  if (resource === undefined && path === undefined) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    errors.push(invalid('spec.resourceAttributes', null, detail));
  }
  for (const field of ['fieldSelector', 'labelSelector']) {
    const selector = objectAt(resource, field);
    if (selector !== undefined)
      errors.push(...validateSelector(selector, `spec.resourceAttributes.${field}`));
  }
  return errors;
}

function validateSelector(selector: JsonObject, path: string): FieldError[] {
  const text = textAt(selector, 'rawSelector');
  const hasRequirements = objectsAt(selector, 'requirements').length > 0;
  if (text !== '' && hasRequirements) {
    return [invalid(child(path, 'rawSelector'), text, 'may not specified at the same time as requirements')];
  }
  if (text === '' && !hasRequirements) {
    const detail = `when ${path} is specified, requirements or rawSelector is required`;
    return [required(child(path, 'requirements'), detail)];
  }
  const isLabels = path.endsWith('labelSelector');
  return objectsAt(selector, 'requirements').flatMap((requirement, index) =>
    validateRequirement(requirement, at(child(path, 'requirements'), index), isLabels),
  );
}

/** What operators are known is not asked here: others are ignored when the question is answered. */
function validateRequirement(requirement: JsonObject, path: string, isLabel: boolean): FieldError[] {
  const operator = textAt(requirement, 'operator');
  const key = textAt(requirement, 'key');
  const values = textsAt(requirement, 'values');
  const errors: FieldError[] = [];
  if (!isLabel && key === '') errors.push(required(child(path, 'key'), 'must be specified'));
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    errors.push(required(child(path, 'values'), "must be specified when `operator` is 'In' or 'NotIn'"));
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    errors.push(forbidden(child(path, 'values'), detail));
  }
  if (!isLabel) return errors;
  for (const detail of qualifiedNameErrors(key)) errors.push(invalid(child(path, 'key'), key, detail));
  for (const [index, value] of values.entries()) {
    for (const detail of labelValueErrors(value)) {
      errors.push(invalid(at(child(path, 'values'), index), value, detail));
    }
  }
  return errors;
}

/** A review has no identity. What the server itself may have filled in is passed over. */
function validateEmptyMetadata(
  object: KubeObject,
  { allowed, detail }: { readonly allowed: readonly string[]; readonly detail: string },
): FieldError[] {
  const { metadata } = object;
  const given = Object.keys(metadata).filter(
    (key) => !SERVER_FIELDS.has(key) && !allowed.includes(key) && metadata[key] !== '',
  );
  return given.length === 0 ? [] : [invalid('metadata', metadata, detail)];
}

/** Upstream prints its internal type, whose JSON names are those of the Go fields. */
function printedPath(spec: JsonObject | undefined): JsonValue {
  const path = objectAt(spec, 'nonResourceAttributes');
  return objectOf({ Path: textAt(path, 'path'), Verb: textAt(path, 'verb') });
}

const SERVER_FIELDS: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'uid',
]);
