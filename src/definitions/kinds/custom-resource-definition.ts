import {
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
  validateCustomResourceDefinitionStatus,
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
  // Upstream still keeps them as they were before v1, and clients know the hash of that.
  announcedStorageVersion: 'v1beta1',
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
      // As upstream, metadata can be written through /status of CRDs; nobody comes to own it by that.
      if (subresource === 'status') restoreField(object, old, 'spec');
      else prepareForSpecUpdate(object, old);
    },
    validateCreate: (object) => validateCustomResourceDefinition(object, undefined),
    validateUpdate: (object, old, { subresource }) =>
      subresource === 'status'
        ? validateCustomResourceDefinitionStatus(object)
        : validateCustomResourceDefinition(object, old),
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
