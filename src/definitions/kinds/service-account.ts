import { type KubeObject, objectOf, objectsAt, validateDns1123SubdomainName } from '../../machinery/mod.ts';
import { mapAt } from './data-keys.ts';
import { type Components, flag, item, kindStruct, list, struct, text } from './fields.ts';
import { type KindSource, strategyOf } from './kind.ts';

const CORE = 'io.k8s.api.core.v1';

/** References of the core group, which several kinds use. */
export const referenceComponents: Components = {
  [`${CORE}.ObjectReference`]: struct(
    'Names an object, or a part of one.',
    {
      apiVersion: text('Group and version of the object.'),
      fieldPath: text('The part of the object, such as `spec.containers{name}`.'),
      kind: text('Kind of the object.'),
      name: text('Name of the object.'),
      namespace: text('Namespace of the object.'),
      resourceVersion: text('The version that is meant, if a certain one is.'),
      uid: text('UID of the object.'),
    },
    { mapType: 'atomic' },
  ),
  [`${CORE}.LocalObjectReference`]: struct(
    'Names an object in the same namespace.',
    { name: text('Name of the object.') },
    { mapType: 'atomic' },
  ),
};

export const serviceAccountComponents: Components = {
  [`${CORE}.ServiceAccount`]: kindStruct('An identity for programs, to which tokens can be issued.', {
    automountServiceAccountToken: flag('Whether pods of this account get its token as a file.', {
      presence: 'keep',
    }),
    imagePullSecrets: list(item(`${CORE}.LocalObjectReference`), 'Secrets for pulling images.', {
      listType: 'atomic',
    }),
    secrets: list(item(`${CORE}.ObjectReference`), 'Secrets in the same namespace that pods may use.', {
      listType: 'map',
      listMapKeys: ['name'],
      mergeKey: 'name',
      patchStrategy: 'merge',
    }),
  }),
};

export const serviceAccount: KindSource = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  component: `${CORE}.ServiceAccount`,
  scope: 'Namespaced',
  shortNames: ['sa'],
  subresources: [
    {
      name: 'token',
      verbs: ['create'],
      kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
    },
  ],
  strategy: strategyOf({
    validateName: validateDns1123SubdomainName,
    prepareForCreate: keepNamesOfSecrets,
    prepareForUpdate: keepNamesOfSecrets,
    warnings: mountableSecretsWarnings,
  }),
};

/** Of the references to secrets only the names mean anything; upstream strips the rest. */
function keepNamesOfSecrets(object: KubeObject): void {
  if (!Array.isArray(object['secrets'])) return;
  object['secrets'] = objectsAt(object, 'secrets').map((reference) => objectOf({ name: reference['name'] }));
}

function mountableSecretsWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const isSet = (candidate: KubeObject) =>
    Object.hasOwn(mapAt(candidate.metadata, 'annotations'), MOUNTABLE_SECRETS);
  if (!isSet(object) || (old !== undefined && isSet(old))) return [];
  return [
    `metadata.annotations[${MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ];
}

const MOUNTABLE_SECRETS = 'kubernetes.io/enforce-mountable-secrets';
