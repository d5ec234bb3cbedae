import { APIS_GROUP, SYSTEM_USER } from '../../access/mod.ts';
import {
  type Api,
  type Attempt,
  type Companions,
  commitApart,
  isHomedElsewhere,
  type KindChange,
  type KindHooks,
  type KindWork,
  ReadsApart,
} from '../../api/mod.ts';
import {
  type ConditionVerdict,
  deepEqual,
  formatTime,
  type JsonObject,
  type KubeObject,
  madeObjectAt,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
  withConditions,
} from '../../machinery/mod.ts';
import type { WorkChange } from '../../store/mod.ts';
import { extraAnnotationsOf } from '../binding/mod.ts';
import { debt, EXPORT_CONTROLLERS } from '../debts.ts';
import { formerLife } from '../former-consumers.ts';
import { API_EXPORTS } from '../kcp-objects.ts';
import { keepStatus } from '../keep-status.ts';
import { assertKeptForms } from '../kept-forms-of-export.ts';
import {
  IDENTITY_NAMESPACE,
  type IdentityFinding,
  isIdentityThere,
  keyOfSecret,
  newIdentity,
  readIdentity,
  type SecretReference,
} from './identity-secret.ts';

const IDENTITY_VALID = 'IdentityValid';

/**
 * What belongs to every write of an APIExport: its identity. One that names no Secret gets one right before it is
 * created; what the hash of it is, nobody but the server says, and it never changes.
 */
export const exportHooks: KindHooks = {
  group: APIS_GROUP,
  resource: API_EXPORTS,
  async complete(api, attempt, change) {
    const { operation, object, old, user, key } = change;
    if (operation === 'delete') return undefined;
    // Whoever could write it would be given the objects of others.
    if (user !== SYSTEM_USER) keepStatus(object, old);
    if (old !== undefined) assertKeptForms(attempt, change);
    // Identities are the home's to give: it is asked for one as soon as it has merged the export.
    if (object.metadata.deletionTimestamp !== undefined || isHomedElsewhere(api, key.cluster))
      return undefined;
    const companions = await settleIdentity(api, attempt, change);
    return operation === 'create' ? { ...companions, remembered: await formerLife(api, key) } : companions;
  },
  work: workOf,
};

/**
 * A Secret that has a key, or had one, may be what exports wait for, or no more what they rely on. Nothing waits in
 * memory for one that may never come.
 */
export const identitySecretHooks: KindHooks = {
  group: '',
  resource: 'secrets',
  work(api, { object, old, key: { cluster, namespace, name } }) {
    const [now, before] = [object, old].map((secret) => keyOfSecret(secret));
    if (now === '' && before === '') return [];
    return [debt(api, EXPORT_CONTROLLERS.identity, { cluster, key: `${namespace}/${name}` })];
  },
};

async function settleIdentity(
  api: Api,
  { reads }: Attempt,
  { object, user, key: { cluster, name } }: KindChange,
): Promise<Companions | undefined> {
  const named = identitySecretOf(object);
  const reference = named ?? { namespace: IDENTITY_NAMESPACE, name };
  if (named === undefined) setIdentitySecret(object, reference);
  // One from a former life of the export makes it the same API that it was. So does one of an attempt that was lost.
  if (named !== undefined || isIdentityThere(api, cluster, reference)) {
    verify(object, readIdentity(reads, cluster, reference), formatTime(api.store.nowMs()));
    return undefined;
  }
  // The Secret is of the shard, exports are of the region: the key must be kept before anybody knows its hash.
  const own = new ReadsApart(api);
  const made = await newIdentity(api, own, { cluster, name });
  verify(object, { hash: made.hash }, formatTime(api.store.nowMs()));
  const { companions } = made;
  return { before: () => commitApart(api, { companions, reads: own, actor: user.name }) };
}

/** The Secret that an export names for its identity. */
function identitySecretOf(apiExport: KubeObject): SecretReference | undefined {
  const reference = objectAt(objectAt(objectAt(apiExport, 'spec'), 'identity'), 'secretRef');
  if (reference === undefined) return undefined;
  return { namespace: textAt(reference, 'namespace'), name: textAt(reference, 'name') };
}

function setIdentitySecret(apiExport: KubeObject, { namespace, name }: SecretReference): void {
  const spec = madeObjectAt(apiExport, 'spec');
  spec['identity'] = objectOf({ secretRef: objectOf({ name, namespace }) });
}

function verify(apiExport: KubeObject, finding: IdentityFinding, now: string): void {
  const status = madeObjectAt(apiExport, 'status');
  const known = textAt(status, 'identityHash');
  if (known === '' && 'hash' in finding) status['identityHash'] = finding.hash;
  const verdict = verdictOf(known, finding);
  status['conditions'] = withConditions(objectsAt(status, 'conditions'), [verdict], now);
}

function verdictOf(known: string, finding: IdentityFinding): ConditionVerdict {
  const failed = { status: 'False', severity: 'Error', reason: 'IdentityVerificationFailed' } as const;
  if ('error' in finding) return { type: IDENTITY_VALID, ...failed, message: finding.error };
  if (known === '' || known === finding.hash) return { type: IDENTITY_VALID, status: 'True' };
  const message = `hash mismatch: identity secret hash "${finding.hash}" must match status.identityHash "${known}"`;
  return { type: IDENTITY_VALID, ...failed, message };
}

/** The key of the debt to give an export its identity; one of a Secret's begins with its namespace. */
function withoutIdentity(name: string): string {
  return `/${name}`;
}

function workOf(api: Api, { operation, object, old, key }: KindWork): readonly WorkChange[] {
  const isSame = operation !== 'delete' && old !== undefined && deepEqual(offerOf(object), offerOf(old));
  const place = { cluster: key.cluster, key: key.name };
  const hasIdentity = operation === 'delete' || identitySecretOf(object) !== undefined;
  return [
    ...(isSame ? [] : [debt(api, EXPORT_CONTROLLERS.consumers, place)]),
    ...(hasIdentity
      ? []
      : [debt(api, EXPORT_CONTROLLERS.identity, { ...place, key: withoutIdentity(key.name) })]),
  ];
}

/** What those who bind an export have of it. */
function offerOf(apiExport: KubeObject): JsonObject {
  const spec = objectAt(apiExport, 'spec');
  return objectOf({
    identity: textAt(objectAt(apiExport, 'status'), 'identityHash'),
    resources: spec?.['resources'],
    permissionClaims: spec?.['permissionClaims'],
    annotations: extraAnnotationsOf(apiExport),
  });
}
