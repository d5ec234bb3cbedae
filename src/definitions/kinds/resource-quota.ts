import {
  at,
  child,
  type FieldError,
  invalid,
  type JsonObject,
  type KubeObject,
  newObject,
  objectAt,
  objectsAt,
  required,
  textAt,
  textsAt,
  validateDns1123SubdomainName,
} from '../../machinery/mod.ts';
import { mapAt } from './data-keys.ts';
import {
  type Components,
  item,
  kindStruct,
  list,
  nested,
  optional,
  quantities,
  struct,
  text,
  texts,
} from './fields.ts';
import { type KindSource, restoreField, STATUS_SUBRESOURCE, strategyOf } from './kind.ts';
import { isQuotaResource, validateQuotaResourceName, validateResourceAmount } from './resource-names.ts';

const CORE = 'io.k8s.api.core.v1';

export const resourceQuotaComponents: Components = {
  [`${CORE}.ResourceQuota`]: kindStruct('Bounds for everything in a namespace together.', {
    spec: nested(`${CORE}.ResourceQuotaSpec`, 'The wanted bounds.'),
    status: nested(`${CORE}.ResourceQuotaStatus`, 'The bounds in force, and what is used of them.'),
  }),
  [`${CORE}.ResourceQuotaSpec`]: struct('The wanted bounds of a namespace.', {
    hard: quantities('The most there may be of each resource, such as `count/widgets.example.com`.'),
    scopeSelector: optional(`${CORE}.ScopeSelector`, 'Conditions on the objects that count.'),
    scopes: texts('What the counted objects must be like; all of them must hold.', { listType: 'atomic' }),
  }),
  [`${CORE}.ResourceQuotaStatus`]: struct('The bounds of a namespace, and what is used of them.', {
    hard: quantities('The bounds in force.'),
    used: quantities('What is used.'),
  }),
  [`${CORE}.ScopeSelector`]: struct(
    'Conditions on the objects that a quota counts. All must hold.',
    {
      matchExpressions: list(item(`${CORE}.ScopedResourceSelectorRequirement`), 'The conditions.', {
        listType: 'atomic',
      }),
    },
    { mapType: 'atomic' },
  ),
  [`${CORE}.ScopedResourceSelectorRequirement`]: struct(
    'One condition on the objects that a quota counts.',
    {
      operator: text('In, NotIn, Exists or DoesNotExist.', { presence: 'print' }),
      scopeName: text('Name of the scope.', { presence: 'print' }),
      values: texts('Values for In and NotIn; empty for the others.', { listType: 'atomic' }),
    },
    { required: ['scopeName', 'operator'] },
  ),
};

export const resourceQuota: KindSource = {
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  component: `${CORE}.ResourceQuota`,
  scope: 'Namespaced',
  shortNames: ['quota'],
  subresources: [STATUS_SUBRESOURCE],
  strategy: strategyOf({
    resetFields: { '': ['status'], status: ['spec'] },
    validateName: validateDns1123SubdomainName,
    prepareForCreate(object) {
      object['status'] = newObject();
    },
    prepareForUpdate(object, old, { subresource }) {
      restoreField(object, old, subresource === 'status' ? 'spec' : 'status');
    },
    validate: validateSpec,
    validateUpdate(object, old, { subresource }) {
      if (subresource === 'status') return validateStatus(object);
      return [...validateSpec(object), ...frozenScopesErrors(object, old)];
    },
  }),
};

function validateSpec(object: KubeObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? newObject();
  return [
    ...validateAmounts(spec, 'hard', 'spec.hard'),
    ...validateScopes(spec),
    ...validateScopeSelector(spec),
  ];
}

function validateStatus(object: KubeObject): FieldError[] {
  const status = objectAt(object, 'status') ?? newObject();
  return [
    ...((object.metadata.resourceVersion ?? '') === '' ? [required('resourceVersion')] : []),
    ...validateAmounts(status, 'hard', 'status.hard'),
    ...validateAmounts(status, 'used', 'status.used'),
  ];
}

function validateAmounts(owner: JsonObject, field: string, path: string): FieldError[] {
  const amounts = mapAt(owner, field);
  const errors: FieldError[] = [];
  for (const name of Object.keys(amounts).sort()) {
    errors.push(...validateQuotaResourceName(name, at(path, name)));
    errors.push(...validateResourceAmount(name, amounts[name] ?? null, at(path, name)));
  }
  return errors;
}

function validateScopes(spec: JsonObject): FieldError[] {
  const path = 'spec.scopes';
  const scopes = textsAt(spec, 'scopes');
  const distinct = new Set(scopes);
  const errors: FieldError[] = [];
  if ([...distinct].some((scope) => !SCOPES.has(scope))) {
    errors.push(invalid(path, scopes, 'unsupported scope'));
  }
  if (isMisapplied(spec, distinct)) {
    errors.push(invalid(path, scopes, 'unsupported scope applied to resource'));
  }
  if (areConflicting(distinct)) errors.push(invalid(path, scopes, 'conflicting scopes'));
  return errors;
}

function validateScopeSelector(spec: JsonObject): FieldError[] {
  const selector = objectAt(spec, 'scopeSelector');
  if (selector === undefined) return [];
  const path = 'spec.scopeSelector.matchExpressions';
  const scopes = new Set<string>();
  const errors: FieldError[] = [];
  for (const requirement of objectsAt(selector, 'matchExpressions')) {
    const scope = textAt(requirement, 'scopeName');
    scopes.add(scope);
    if (!SCOPES.has(scope)) errors.push(invalid(child(path, 'scopeName'), scope, 'unsupported scope'));
    errors.push(...validateOperator(requirement, path));
  }
  // Once for all of them: the error shows the whole selector, and there may be many.
  if (isMisapplied(spec, scopes)) {
    errors.push(invalid(path, selector, 'unsupported scope applied to resource'));
  }
  if (areConflicting(scopes)) {
    errors.push(invalid(path, textsAt(spec, 'scopes'), 'conflicting scopes'));
  }
  return errors;
}

function validateOperator(requirement: JsonObject, path: string): FieldError[] {
  const operator = textAt(requirement, 'operator');
  const values = textsAt(requirement, 'values');
  const errors: FieldError[] = [];
  if (EXISTENCE_SCOPES.has(textAt(requirement, 'scopeName')) && operator !== 'Exists') {
    errors.push(invalid(child(path, 'operator'), operator, EXISTENCE_SCOPES_TEXT));
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      errors.push(required(child(path, 'values'), detail));
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      errors.push(invalid(child(path, 'values'), values, detail));
    }
  } else {
    errors.push(invalid(child(path, 'operator'), operator, 'not a valid selector operator'));
  }
  return errors;
}

function frozenScopesErrors(object: KubeObject, old: KubeObject): FieldError[] {
  const scopes = textsAt(objectAt(object, 'spec'), 'scopes');
  const distinct = new Set(scopes);
  const oldScopes = new Set(textsAt(objectAt(old, 'spec'), 'scopes'));
  const isSame = distinct.size === oldScopes.size && [...distinct].every((scope) => oldScopes.has(scope));
  return isSame ? [] : [invalid('spec.scopes', scopes, 'field is immutable')];
}

function isMisapplied(spec: JsonObject, scopes: ReadonlySet<string>): boolean {
  const resources = Object.keys(mapAt(spec, 'hard')).filter(isQuotaResource);
  const known = [...scopes].filter((scope) => SCOPES.has(scope));
  return known.some((scope) => resources.some((resource) => !appliesTo(scope, resource)));
}

/** Does a scope make sense for a resource: most of them speak of pods, which alone have them. */
function appliesTo(scope: string, resource: string): boolean {
  switch (scope) {
    case 'BestEffort':
      return resource === 'pods';
    case 'VolumeAttributesClass':
      return resource === 'persistentvolumeclaims' || resource === 'requests.storage';
    default:
      return POD_RESOURCES.has(resource);
  }
}

function areConflicting(scopes: ReadonlySet<string>): boolean {
  return (
    (scopes.has('BestEffort') && scopes.has('NotBestEffort')) ||
    (scopes.has('Terminating') && scopes.has('NotTerminating'))
  );
}

/** Scopes that only exist or not: they have no values to compare with. */
const EXISTENCE_SCOPES: ReadonlySet<string> = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'CrossNamespacePodAffinity',
]);

const EXISTENCE_SCOPES_TEXT =
  "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

const SCOPES: ReadonlySet<string> = new Set([...EXISTENCE_SCOPES, 'PriorityClass', 'VolumeAttributesClass']);

const POD_RESOURCES: ReadonlySet<string> = new Set([
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
]);
