import {
  at,
  type FieldError,
  invalid,
  isObject,
  type KubeObject,
  newObject,
  objectAt,
  objectOf,
  qualifiedNameErrors,
  textAt,
  textsAt,
  validateDns1123LabelName,
} from '../../machinery/mod.ts';
import { type Components, item, kindStruct, list, nested, struct, text, texts } from './fields.ts';
import { type KindSource, restoreField, STATUS_SUBRESOURCE, strategyOf } from './kind.ts';
import { legacyConditionFields } from './meta-components.ts';

const CORE = 'io.k8s.api.core.v1';

/** The finalizer by which the namespace controller holds a namespace until it is empty. */
export const NAMESPACE_FINALIZER = 'kubernetes';

/** The label that always carries the namespace's name. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

export const namespaceComponents: Components = {
  [`${CORE}.Namespace`]: kindStruct('A scope for names, and for what is granted and limited together.', {
    spec: nested(`${CORE}.NamespaceSpec`, 'What holds the namespace.'),
    status: nested(`${CORE}.NamespaceStatus`, 'Whether the namespace is in use or going away.'),
  }),
  [`${CORE}.NamespaceSpec`]: struct('What holds a namespace.', {
    finalizers: texts(
      'Names of those who must act before the namespace may be removed. Changed through /finalize only.',
      { listType: 'atomic' },
    ),
  }),
  [`${CORE}.NamespaceStatus`]: struct('The state of a namespace.', {
    conditions: list(item(`${CORE}.NamespaceCondition`), 'Details of the state.', {
      listType: 'map',
      listMapKeys: ['type'],
      mergeKey: 'type',
      patchStrategy: 'merge',
    }),
    phase: text('Active or Terminating.'),
  }),
  [`${CORE}.NamespaceCondition`]: struct('One aspect of the state of a namespace.', legacyConditionFields, {
    required: ['type', 'status'],
  }),
};

export const namespace: KindSource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  component: `${CORE}.Namespace`,
  scope: 'Cluster',
  shortNames: ['ns'],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [{ name: 'finalize', verbs: ['update'] }, STATUS_SUBRESOURCE],
  setDefaults,
  fieldLabels: ['status.phase'],
  selectable: (object) => ({ 'status.phase': textAt(objectAt(object, 'status'), 'phase') }),
  strategy: strategyOf({
    resetFields: { '': ['status'], status: ['spec'], finalize: ['status'] },
    validateName: validateDns1123LabelName,
    setDefaults,
    prepareForCreate(object) {
      object['status'] = objectOf({ phase: 'Active' });
      const finalizers = textsAt(specOf(object), 'finalizers');
      if (!finalizers.includes(NAMESPACE_FINALIZER)) finalizers.push(NAMESPACE_FINALIZER);
      specOf(object)['finalizers'] = finalizers;
    },
    prepareForUpdate(object, old, { subresource }) {
      if (subresource === 'status') {
        restoreField(object, old, 'spec');
        return;
      }
      restoreField(object, old, 'status');
      if (subresource === '')
        restoreField(specOf(object), objectAt(old, 'spec') ?? newObject(), 'finalizers');
    },
    validate: validateFinalizers,
    validateUpdate(object, _old, { subresource }) {
      return subresource === 'status' ? validatePhase(object) : validateFinalizers(object);
    },
  }),
};

function setDefaults(object: KubeObject): void {
  if (!isObject(object['status'])) object['status'] = newObject();
  if (textAt(object['status'], 'phase') === '') object['status']['phase'] = 'Active';
  const { name } = object.metadata;
  // A generated name comes later; the label is set again before the object is stored.
  if (name === undefined || name === '') return;
  object.metadata.labels ??= newObject() as { [key: string]: string };
  object.metadata.labels[NAMESPACE_NAME_LABEL] = name;
}

function specOf(object: KubeObject) {
  if (!isObject(object['spec'])) object['spec'] = newObject();
  return object['spec'];
}

function validateFinalizers(object: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, finalizer] of textsAt(objectAt(object, 'spec'), 'finalizers').entries()) {
    const path = at('spec.finalizers', index);
    for (const detail of qualifiedNameErrors(finalizer)) errors.push(invalid(path, finalizer, detail));
    if (!finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer)) {
      errors.push(
        invalid(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'),
      );
    }
  }
  return errors;
}

function validatePhase(object: KubeObject): FieldError[] {
  const phase = textAt(objectAt(object, 'status'), 'phase');
  const isDeleting = object.metadata.deletionTimestamp !== undefined;
  if (!isDeleting && phase !== 'Active') {
    return [invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty")];
  }
  if (isDeleting && phase !== 'Terminating') {
    return [invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
  }
  return [];
}

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set([
  NAMESPACE_FINALIZER,
  'foregroundDeletion',
  'orphan',
]);
