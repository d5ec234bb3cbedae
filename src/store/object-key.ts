import { assert, type ClusterScope, EVERYWHERE, type LogicalCluster } from '../base/mod.ts';

/** All objects of one kind in one logical cluster. */
export interface CollectionKey {
  readonly cluster: LogicalCluster;
  readonly group: string;
  readonly resource: string;
  /** Identity hash of a bound API; empty for built-in kinds and CRDs. */
  readonly identity: string;
}

/** The objects of one kind: in one logical cluster, or in all of them. */
export interface CollectionScope extends Omit<CollectionKey, 'cluster'> {
  readonly cluster: ClusterScope;
}

/** Whether a scope names a single logical cluster. */
export function isOneCollection(scope: CollectionScope): scope is CollectionKey {
  return scope.cluster !== EVERYWHERE;
}

/** Where one object is kept. `namespace` is empty for cluster-scoped objects. */
export interface ObjectKey extends CollectionKey {
  readonly namespace: string;
  readonly name: string;
}

// No component may hold this byte (names are validated, and requests with control characters refused),
// so that no text of a user can move the borders between the components of a key.
const SEPARATOR = '\0';

/** Whether a text can be a component of a key: no separator, and nothing that UTF-8 would replace. */
export function isKeyComponent(text: string): boolean {
  return !text.includes(SEPARATOR) && !/\p{Cs}/u.test(text);
}

/** The components joined in key order: equal texts are equal keys. */
export function objectKeyText(key: ObjectKey): string {
  return `${collectionKeyText(key)}${SEPARATOR}${key.namespace}${SEPARATOR}${key.name}`;
}

export function collectionKeyText(key: CollectionScope): string {
  return `${key.cluster}${SEPARATOR}${kindText(key)}`;
}

/** The part of a collection's key that all logical clusters have alike. */
export function kindText(key: Omit<CollectionKey, 'cluster'>): string {
  return `${key.group}${SEPARATOR}${storedResource(key)}`;
}

/** An object's key inside its logical cluster: what {@link splitKeyText} finds behind the cluster. */
export function relativeKeyText(key: Omit<ObjectKey, 'cluster'>): string {
  return `${kindText(key)}${SEPARATOR}${key.namespace}${SEPARATOR}${key.name}`;
}

/** The logical cluster of an object's key, and the key inside it. */
export function splitKeyText(keyText: string): {
  readonly cluster: LogicalCluster;
  readonly relative: string;
} {
  const at = keyText.indexOf(SEPARATOR);
  return { cluster: keyText.slice(0, at) as LogicalCluster, relative: keyText.slice(at + 1) };
}

/** group, resource[:identity], cluster …: how the wildcard index is ordered. */
export function wildcardKeyText(key: ObjectKey): string {
  return [key.group, storedResource(key), key.cluster, key.namespace, key.name].join(SEPARATOR);
}

/** The key that {@link objectKeyText} was made from. */
export function parseObjectKeyText(text: string): ObjectKey {
  const [cluster, group, resource, namespace, name, ...rest] = text.split(SEPARATOR);
  assert(
    cluster !== undefined && group !== undefined && resource !== undefined && namespace !== undefined,
    'a stored key has five components',
  );
  assert(name !== undefined && rest.length === 0, 'a stored key has five components');
  return { ...parseResource(resource), cluster: cluster as LogicalCluster, group, namespace, name };
}

/** The key that {@link wildcardKeyText} was made from. */
export function parseWildcardKeyText(text: string): ObjectKey {
  const [group, resource, cluster, namespace, name] = text.split(SEPARATOR);
  return parseObjectKeyText([cluster, group, resource, namespace, name].join(SEPARATOR));
}

/** The resource together with its identity, as keys hold it. */
export function storedResource(key: Omit<CollectionKey, 'cluster'>): string {
  return key.identity === '' ? key.resource : `${key.resource}:${key.identity}`;
}

function parseResource(text: string): { resource: string; identity: string } {
  const colon = text.indexOf(':');
  if (colon < 0) return { resource: text, identity: '' };
  return { resource: text.slice(0, colon), identity: text.slice(colon + 1) };
}
