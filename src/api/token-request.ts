import type { BoundSecret } from '../access/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { builtinDefinition, collectionOf, tokenRequestDefinition } from '../definitions/mod.ts';
import {
  type FieldError,
  formatTime,
  invalid,
  type JsonObject,
  type KubeObject,
  newBadRequest,
  newConflict,
  newInvalid,
  newNotFound,
  newObject,
  objectAt,
  objectOf,
  textAt,
  textsAt,
} from '../machinery/mod.ts';
import type { Row } from '../store/mod.ts';
import type { Api } from './api.ts';
import { type BodyRequest, decodeRequest } from './decode.ts';
import { settleNamespace } from './metadata.ts';
import { noteOwnership } from './ownership.ts';
import { type Resource, resolve, type Target } from './target.ts';
import { admitAnswered } from './write.ts';

const KIND = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const EXPIRATION_SECONDS = 3_600;
const EXPIRATION_SECONDS_MIN = 600;
const EXPIRATION_SECONDS_MAX = 2 ** 32;

/**
 * POST of a TokenRequest to a service account: answers it with a token, which the server keeps nowhere. A dry
 * run is answered with a token too, as upstream.
 */
export async function requestToken(api: Api, request: BodyRequest): Promise<KubeObject> {
  const { target, options } = request;
  const resource = resolve(api, target);
  const form = formOf(resource);
  const object = decodeRequest(form, request);
  settleNamespace(resource, object);
  await admitAnswered(api, resource, { phase: 'mutate', object, options });
  const now = formatTime(api.store.nowMs());
  const spec = objectAt(object, 'spec') ?? newObject();
  object['spec'] = spec;
  spec['expirationSeconds'] ??= EXPIRATION_SECONDS;
  const endpoint = { definition: tokenRequestDefinition, version: form.version, subresource: 'token' };
  const writer = { manager: options.fieldManager, now };
  await noteOwnership(api, endpoint, { live: undefined, object, writer });
  const account = readAccount(api, resource.target);
  settleIdentity(object, target, account.uid);
  object.metadata.creationTimestamp = now;
  if (textsAt(spec, 'audiences').length === 0) spec['audiences'] = [...api.authenticator.audiences];
  const errors = validateExpiration(spec);
  if (errors.length > 0) throw newInvalid(KIND, '', errors);
  await admitAnswered(api, resource, { phase: 'validate', object, options });
  // No commit finds out that the right was taken away while the body came or webhooks were asked.
  await api.access.authorizeAgain(target);
  const { token, expiresMs } = await api.serviceAccounts.issue({
    account,
    secret: readBoundSecret(api, resource.target, objectAt(spec, 'boundObjectRef')),
    audiences: textsAt(spec, 'audiences'),
    expirationSeconds: Number(spec['expirationSeconds']),
  });
  spec['boundObjectRef'] ??= null;
  object['status'] = objectOf({ token, expirationTimestamp: formatTime(expiresMs) });
  return object;
}

/** The endpoint as if it were that of a kind of its own: bodies are decoded as that kind. */
function formOf(resource: Resource): Resource {
  const target = { ...resource.target, subresource: '' };
  const definition = tokenRequestDefinition;
  return { ...resource, target, subresource: '', definition, version: definition.versions[0]! };
}

function readAccount(api: Api, { cluster, namespace, name }: Resource['target']) {
  const row = readObject(api, { cluster, namespace }, { resource: 'serviceaccounts', name });
  return { cluster, namespace, name, uid: row.uid };
}

/** Name and uid may be left out; given ones have to be those of the service account. */
function settleIdentity(object: KubeObject, { name }: Target, uid: string): void {
  const { metadata } = object;
  if (metadata.name && metadata.name !== name) {
    const detail = 'must match the service account name if specified';
    throw newInvalid(KIND, name, [invalid('metadata.name', metadata.name, detail)]);
  }
  if (metadata.uid && metadata.uid !== uid) {
    const detail = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`;
    throw newConflict({ group: KIND.group, resource: KIND.kind }, name, detail);
  }
  metadata.name = name;
  metadata.uid = uid;
}

function validateExpiration(spec: JsonObject): FieldError[] {
  const seconds = spec['expirationSeconds'] as number | bigint;
  const path = 'spec.expirationSeconds';
  if (seconds < EXPIRATION_SECONDS_MIN) {
    return [invalid(path, seconds, 'may not specify a duration less than 10 minutes')];
  }
  if (seconds > EXPIRATION_SECONDS_MAX) {
    return [invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')];
  }
  return [];
}

/** Pods and nodes are not there to be bound to: like upstream's that do not exist. */
function readBoundSecret(
  api: Api,
  target: Resource['target'],
  reference: JsonObject | undefined,
): BoundSecret | undefined {
  if (reference === undefined) return undefined;
  const name = textAt(reference, 'name');
  const kind = textAt(reference, 'kind');
  if (kind === 'Pod') throw newNotFound({ group: '', resource: 'pods' }, name);
  if (kind === 'Node') throw newNotFound({ group: '', resource: 'nodes' }, name);
  if (kind !== 'Secret') {
    const groupVersion = printedGroupVersion(textAt(reference, 'apiVersion'));
    throw newBadRequest(`cannot bind token to object of type ${groupVersion}, Kind=${kind}`);
  }
  const { uid } = readObject(api, target, { resource: 'secrets', name });
  const wanted = textAt(reference, 'uid');
  if (wanted !== '' && wanted !== uid) {
    const detail = `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw newConflict({ group: '', resource: kind }, name, detail);
  }
  return { name, uid };
}

function readObject(
  api: Api,
  { cluster, namespace }: { readonly cluster: LogicalCluster; readonly namespace: string },
  { resource, name }: { readonly resource: string; readonly name: string },
): Row {
  const key = { ...collectionOf(cluster, builtinDefinition('', resource)!), namespace, name };
  const row = api.store.get(key);
  if (row === undefined) throw newNotFound({ group: '', resource }, name);
  return row;
}

// Go prints a group and a version with a slash between, also where the group is empty.
function printedGroupVersion(apiVersion: string): string {
  const parts = apiVersion.split('/');
  if (parts.length > 2) return '/';
  return parts.length === 2 ? apiVersion : `/${apiVersion}`;
}
