import {
  deepCopy,
  deepEqual,
  isObject,
  type KubeObject,
  newObject,
  objectAt,
  objectsAt,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';
import {
  customResourceDefinitionWarnings,
  defaultCustomResourceDefinition,
  validateCustomResourceDefinition,
} from '../crd/mod.ts';
import { type KindSource, restoreField, STATUS_SUBRESOURCE, strategyOf } from './kind.ts';

export const customResourceDefinition: KindSource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  component: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  scope: 'Cluster',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  subresources: [STATUS_SUBRESOURCE],
  setDefaults: defaultCustomResourceDefinition,
  strategy: strategyOf({
    resetFields: { '': ['status'], status: ['metadata', 'spec'] },
    // The name follows from the spec, and is checked with it.
    validateName: () => [],
    hasGeneration: true,
    allowsUnconditionalUpdate: false,
    setDefaults: defaultCustomResourceDefinition,
    prepareForCreate(object) {
      object['status'] = emptyStatus();
      object.metadata.generation = 1;
      addStorageVersion(object);
    },
    prepareForUpdate(object, old, { subresource }) {
      if (subresource === 'status') prepareForStatusUpdate(object, old);
      else prepareForSpecUpdate(object, old);
    },
    validateCreate: (object) => validateCustomResourceDefinition(object, undefined),
    validateUpdate: (object, old) => validateCustomResourceDefinition(object, old),
    warnings: customResourceDefinitionWarnings,
  }),
};

function prepareForSpecUpdate(object: KubeObject, old: KubeObject): void {
  restoreField(object, old, 'status');
  const generation = old.metadata.generation ?? 0;
  const isChanged = !deepEqual(object['spec'], old['spec']);
  object.metadata.generation = isChanged ? generation + 1 : generation;
  addStorageVersion(object);
}

/** Through /status nothing but the status is written; managed fields and the precondition stay the request's. */
function prepareForStatusUpdate(object: KubeObject, old: KubeObject): void {
  const { managedFields, resourceVersion } = object.metadata;
  const metadata = deepCopy(old.metadata);
  delete metadata.managedFields;
  if (managedFields !== undefined) metadata.managedFields = managedFields;
  if (resourceVersion !== undefined) metadata.resourceVersion = resourceVersion;
  object.metadata = metadata;
  restoreField(object, old, 'spec');
}

/** The version in which objects are stored from now on joins status.storedVersions, and never leaves by itself. */
function addStorageVersion(object: KubeObject): void {
  const versions = objectsAt(objectAt(object, 'spec'), 'versions');
  const storage = versions.find((version) => version['storage'] === true);
  if (storage === undefined) return;
  if (!isObject(object['status'])) object['status'] = emptyStatus();
  const stored = textsAt(object['status'], 'storedVersions');
  const name = textAt(storage, 'name');
  if (!stored.includes(name)) object['status']['storedVersions'] = [...stored, name];
}

/** As Go prints a status in which nothing is set. */
function emptyStatus() {
  const status = newObject();
  const names = newObject();
  names['kind'] = '';
  names['plural'] = '';
  status['acceptedNames'] = names;
  status['conditions'] = null;
  status['storedVersions'] = null;
  return status;
}
