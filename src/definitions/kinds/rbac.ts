import {
  at,
  child,
  deepEqual,
  type FieldError,
  invalid,
  type JsonObject,
  type KubeObject,
  newObject,
  notSupported,
  objectAt,
  objectOf,
  objectsAt,
  pathSegmentErrors,
  required,
  textAt,
  textsAt,
  validateDns1123SubdomainName,
  validatePathSegmentName,
} from '../../machinery/mod.ts';
import type { Strategy } from '../definition.ts';
import { type KindSource, strategyOf } from './kind.ts';
import { validateLabelSelector } from './label-selector-validation.ts';

const GROUP = 'rbac.authorization.k8s.io';

export const role: KindSource = {
  group: GROUP,
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  component: 'io.k8s.api.rbac.v1.Role',
  scope: 'Namespaced',
  strategy: roleStrategy('Namespaced'),
};

export const clusterRole: KindSource = {
  group: GROUP,
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  component: 'io.k8s.api.rbac.v1.ClusterRole',
  scope: 'Cluster',
  strategy: roleStrategy('Cluster'),
};

export const roleBinding: KindSource = {
  group: GROUP,
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  component: 'io.k8s.api.rbac.v1.RoleBinding',
  scope: 'Namespaced',
  setDefaults: setBindingDefaults,
  strategy: bindingStrategy('Namespaced'),
};

export const clusterRoleBinding: KindSource = {
  group: GROUP,
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  component: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  scope: 'Cluster',
  setDefaults: setBindingDefaults,
  strategy: bindingStrategy('Cluster'),
};

type Scope = 'Namespaced' | 'Cluster';

function roleStrategy(scope: Scope): Strategy {
  return strategyOf({
    validateName: validatePathSegmentName,
    allowsCreateOnUpdate: true,
    validate(object) {
      const errors: FieldError[] = [];
      for (const [index, rule] of objectsAt(object, 'rules').entries()) {
        errors.push(...validateRule(rule, { path: at('rules', index), scope }));
      }
      return scope === 'Cluster' ? [...errors, ...validateAggregation(object)] : errors;
    },
  });
}

function bindingStrategy(scope: Scope): Strategy {
  const validate = (object: KubeObject) => validateBinding(object, scope);
  return strategyOf({
    validateName: validatePathSegmentName,
    allowsCreateOnUpdate: true,
    setDefaults: setBindingDefaults,
    validate,
    validateUpdate(object, old) {
      const errors = validate(object);
      const roleRef = objectAt(object, 'roleRef') ?? newObject();
      if (!deepEqual(roleRef, objectAt(old, 'roleRef') ?? newObject())) {
        // Upstream prints its internal type, whose JSON names are those of the Go fields.
        const printed = objectOf({
          APIGroup: textAt(roleRef, 'apiGroup'),
          Kind: textAt(roleRef, 'kind'),
          Name: textAt(roleRef, 'name'),
        });
        errors.push(invalid('roleRef', printed, 'cannot change roleRef'));
      }
      return errors;
    },
  });
}

function setBindingDefaults(object: KubeObject): void {
  const roleRef = objectAt(object, 'roleRef');
  if (roleRef !== undefined && textAt(roleRef, 'apiGroup') === '') roleRef['apiGroup'] = GROUP;
  for (const subject of objectsAt(object, 'subjects')) {
    const hasGroup = textAt(subject, 'apiGroup') !== '';
    if (!hasGroup && (subject['kind'] === 'User' || subject['kind'] === 'Group')) {
      subject['apiGroup'] = GROUP;
    }
  }
}

function validateRule(
  rule: JsonObject,
  { path, scope }: { readonly path: string; readonly scope: Scope },
): FieldError[] {
  const errors: FieldError[] = [];
  if (textsAt(rule, 'verbs').length === 0) {
    errors.push(required(child(path, 'verbs'), 'verbs must contain at least one value'));
  }
  const [groups, resources, names, urls] = ['apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'].map(
    (field) => textsAt(rule, field),
  ) as [string[], string[], string[], string[]];
  if (urls.length > 0) {
    const urlsPath = child(path, 'nonResourceURLs');
    if (scope === 'Namespaced') {
      errors.push(invalid(urlsPath, urls, 'namespaced rules cannot apply to non-resource URLs'));
    }
    if (groups.length > 0 || resources.length > 0 || names.length > 0) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs';
      errors.push(invalid(urlsPath, urls, detail));
    }
    return errors;
  }
  if (groups.length === 0) {
    errors.push(required(child(path, 'apiGroups'), 'resource rules must supply at least one api group'));
  }
  if (resources.length === 0) {
    errors.push(required(child(path, 'resources'), 'resource rules must supply at least one resource'));
  }
  return errors;
}

function validateAggregation(object: KubeObject): FieldError[] {
  const aggregation = objectAt(object, 'aggregationRule');
  if (aggregation === undefined) return [];
  const path = 'aggregationRule.clusterRoleSelectors';
  const selectors = objectsAt(aggregation, 'clusterRoleSelectors');
  if (selectors.length === 0) {
    return [required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return selectors.flatMap((selector, index) => validateLabelSelector(selector, at(path, index)));
}

function validateBinding(object: KubeObject, scope: Scope): FieldError[] {
  const roleRef = objectAt(object, 'roleRef') ?? newObject();
  const kinds = scope === 'Cluster' ? ['ClusterRole'] : ['Role', 'ClusterRole'];
  const { apiGroup, kind, name } = {
    apiGroup: textAt(roleRef, 'apiGroup'),
    kind: textAt(roleRef, 'kind'),
    name: textAt(roleRef, 'name'),
  };
  const errors: FieldError[] = [];
  if (apiGroup !== GROUP) errors.push(notSupported('roleRef.apiGroup', apiGroup, [GROUP]));
  if (!kinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, kinds));
  if (name === '') errors.push(required('roleRef.name'));
  for (const detail of pathSegmentErrors(name, { isPrefix: false })) {
    if (name !== '') errors.push(invalid('roleRef.name', name, detail));
  }
  for (const [index, subject] of objectsAt(object, 'subjects').entries()) {
    errors.push(...validateSubject(subject, { path: at('subjects', index), scope }));
  }
  return errors;
}

function validateSubject(
  subject: JsonObject,
  { path, scope }: { readonly path: string; readonly scope: Scope },
): FieldError[] {
  const [kind, name, apiGroup] = [
    textAt(subject, 'kind'),
    textAt(subject, 'name'),
    textAt(subject, 'apiGroup'),
  ];
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(child(path, 'name')));
  switch (kind) {
    case 'ServiceAccount':
      for (const detail of validateDns1123SubdomainName(name, { isPrefix: false })) {
        if (name !== '') errors.push(invalid(child(path, 'name'), name, detail));
      }
      if (apiGroup !== '') errors.push(notSupported(child(path, 'apiGroup'), apiGroup, ['']));
      // In a RoleBinding the authorizer takes the binding's own namespace, so upstream accepts it there.
      if (scope === 'Cluster' && textAt(subject, 'namespace') === '') {
        errors.push(required(child(path, 'namespace')));
      }
      return errors;
    case 'User':
    case 'Group':
      if (name === '') {
        errors.push(invalid(child(path, 'name'), name, `${kind.toLowerCase()} name cannot be empty`));
      }
      if (apiGroup !== GROUP) errors.push(notSupported(child(path, 'apiGroup'), apiGroup, [GROUP]));
      return errors;
    default:
      return [...errors, notSupported(child(path, 'kind'), kind, ['ServiceAccount', 'User', 'Group'])];
  }
}
