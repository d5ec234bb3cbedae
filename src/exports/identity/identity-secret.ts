import { createHash } from 'node:crypto';
import { type Api, type Companion, companionPut, type Reads } from '../../api/mod.ts';
import { type LogicalCluster, numberText } from '../../base/mod.ts';
import { builtinDefinition, collectionOf } from '../../definitions/mod.ts';
import { formatTime, type KubeObject, objectAt, objectOf, parseJson, textAt } from '../../machinery/mod.ts';
import type { ObjectKey } from '../../store/mod.ts';
import { labelForClaims } from '../claims/mod.ts';

/** Where the identities lie that the server makes. */
export const IDENTITY_NAMESPACE = 'kcp-system';
const KEY = 'key';
const KEY_BYTES = 32;
const BASE_62 = 62;

const SECRETS = builtinDefinition('', 'secrets')!;
const NAMESPACES = builtinDefinition('', 'namespaces')!;

export interface SecretReference {
  readonly namespace: string;
  readonly name: string;
}

/** What a Secret says of an identity, or why it says nothing, in kcp's words. */
export type IdentityFinding = { readonly hash: string } | { readonly error: string };

export function secretKey(cluster: LogicalCluster, { namespace, name }: SecretReference): ObjectKey {
  return { ...collectionOf(cluster, SECRETS), namespace, name };
}

/** The key in a Secret as it is stored, in base 64; empty where there is none. */
export function keyOfSecret(secret: KubeObject | undefined): string {
  return textAt(objectAt(secret, 'data'), KEY);
}

/** The identity hash that a Secret gives: the SHA-256 of its key in hexadecimal. The commit relies on it. */
export function readIdentity(
  reads: Pick<Reads, 'read'>,
  cluster: LogicalCluster,
  reference: SecretReference,
): IdentityFinding {
  const row = reads.read(secretKey(cluster, reference));
  if (row === undefined) return { error: `secrets "${reference.name}" not found` };
  const secret = parseJson(row.json).value as KubeObject;
  const key = Buffer.from(keyOfSecret(secret), 'base64');
  if (key.length === 0) return { error: `secret is missing data.${KEY}` };
  return { hash: createHash('sha256').update(key).digest('hex') };
}

/** Whether there is such a Secret, whatever it says. Nobody relies on it. */
export function isIdentityThere(
  api: Pick<Api, 'store'>,
  cluster: LogicalCluster,
  reference: SecretReference,
): boolean {
  return api.store.newest(secretKey(cluster, reference)) !== undefined;
}

/** A new identity of 256 random bits in a Secret of its own, with its namespace if there is none yet. */
export async function newIdentity(
  api: Api,
  reads: Pick<Reads, 'read' | 'relyOn'>,
  { cluster, name }: { readonly cluster: LogicalCluster; readonly name: string },
): Promise<{ readonly hash: string; readonly companions: readonly Companion[] }> {
  const now = formatTime(api.store.nowMs());
  const key = numberText(api.random.bytes(KEY_BYTES), BASE_62);
  const secret = objectOf({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: objectOf({
      creationTimestamp: now,
      name,
      namespace: IDENTITY_NAMESPACE,
      uid: api.random.uuid(),
    }),
    data: objectOf({ [KEY]: Buffer.from(key).toString('base64') }),
    type: 'Opaque',
  }) as KubeObject;
  await labelForClaims(api, reads, { definition: SECRETS, cluster, object: secret });
  const secrets = companionPut(api, {
    definition: SECRETS,
    key: secretKey(cluster, { namespace: IDENTITY_NAMESPACE, name }),
    object: secret,
  });
  const hash = createHash('sha256').update(key).digest('hex');
  const namespaceKey = { ...collectionOf(cluster, NAMESPACES), namespace: '', name: IDENTITY_NAMESPACE };
  if (reads.read(namespaceKey) !== undefined) return { hash, companions: [secrets] };
  const namespace = objectOf({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: objectOf({
      creationTimestamp: now,
      labels: objectOf({ 'kubernetes.io/metadata.name': IDENTITY_NAMESPACE }),
      name: IDENTITY_NAMESPACE,
      uid: api.random.uuid(),
    }),
    spec: objectOf({ finalizers: ['kubernetes'] }),
    status: objectOf({ phase: 'Active' }),
  }) as KubeObject;
  await labelForClaims(api, reads, { definition: NAMESPACES, cluster, object: namespace });
  return {
    hash,
    companions: [
      companionPut(api, { definition: NAMESPACES, key: namespaceKey, object: namespace }),
      secrets,
    ],
  };
}
