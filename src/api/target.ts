import { SYSTEM_USER, type User } from '../access/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { collectionOf, type Definition, type DefinitionVersion, type Verb } from '../definitions/mod.ts';
import { type GroupResource, newMethodNotAllowed, newNotFound } from '../machinery/mod.ts';
import type { CollectionKey, ObjectKey, Precondition } from '../store/mod.ts';
import type { Api } from './api.ts';
import { logicalClusterKey, readLogicalCluster } from './logical-cluster.ts';
import type { RevisionForm } from './revision-form.ts';

/** What a resource URL names. Empty texts where it names nothing. */
export interface Target {
  readonly user: User;
  readonly cluster: LogicalCluster;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** A target with the definition that a logical cluster has for it. */
export interface Resource {
  readonly target: Target;
  readonly definition: Definition;
  readonly version: DefinitionVersion;
  readonly subresource: string;
  readonly collection: CollectionKey;
  /** How resourceVersions look at this URL. */
  readonly revisions: RevisionForm;
  /** What a write through this definition relies on. */
  readonly preconditions: readonly Precondition[];
}

/** The URL names no kind of this workspace: answered as text, which clients tell apart from a missing object. */
export class UnknownResource extends Error {
  override readonly name = 'UnknownResource';
}

/** The URL names no logical cluster: answered like one that the user may not enter. */
export class UnknownCluster extends Error {
  override readonly name = 'UnknownCluster';
}

/**
 * Finds the definition. Throws {@link UnknownCluster}, {@link UnknownResource} for what is not served
 * there, or 405 for a verb that the kind lacks. Controllers reach versions that are not served as well:
 * objects of a kind without any other must be deletable with their CRD or namespace.
 */
export function resolve(api: Api, target: Target): Resource {
  const cluster = readLogicalCluster(api, target.cluster);
  if (cluster === undefined) throw new UnknownCluster();
  const found = api.registry.find(target.cluster, target.group, target.resource);
  const version = found?.definition.versions.find(
    (candidate) => candidate.name === target.version && (candidate.served || target.user === SYSTEM_USER),
  );
  if (found === undefined || version === undefined) throw new UnknownResource();
  const { definition, preconditions } = found;
  // The scope is part of the route: a cluster-scoped object has no namespaced URL, nor the other way round.
  const isOwnNamespace = isNamespace(definition) && target.namespace === target.name;
  const isNamespacedUrl = target.namespace !== '' && !isOwnNamespace;
  if (isNamespacedUrl && definition.scope === 'Cluster') throw new UnknownResource();
  const resource = {
    target,
    definition,
    version,
    subresource: target.subresource,
    collection: collectionOf(target.cluster, definition),
    revisions: api.revisions.of(definition),
    preconditions: [...preconditions, { key: logicalClusterKey(target.cluster), revision: cluster.revision }],
  };
  assertScope(resource, isNamespacedUrl);
  assertVerb(resource);
  return resource;
}

export function groupResource(resource: Resource): GroupResource {
  return { group: resource.definition.group, resource: resource.definition.names.plural };
}

export function groupKind(resource: Resource): { readonly group: string; readonly kind: string } {
  return { group: resource.definition.group, kind: resource.definition.names.kind };
}

/** `v1` or `group/version`. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Where the named object is kept. A namespace's own URL names a namespace, but it lies in none. */
export function objectKey(resource: Resource, name = resource.target.name): ObjectKey {
  const { cluster, group, resource: plural, identity } = resource.collection;
  return { cluster, group, resource: plural, identity, namespace: namespaceOf(resource), name };
}

/** The namespace that the objects of this request lie in; empty for cluster-scoped kinds. */
export function namespaceOf(resource: Resource): string {
  return resource.definition.scope === 'Namespaced' ? resource.target.namespace : '';
}

export function isNamespace(definition: Definition): boolean {
  return definition.group === '' && definition.names.plural === 'namespaces';
}

function assertScope(resource: Resource, isNamespacedUrl: boolean): void {
  const { target, definition } = resource;
  if (definition.scope === 'Cluster' || isNamespacedUrl) return;
  // All namespaces at once: only reading the collection makes sense.
  if (target.name !== '') throw new UnknownResource();
  if (target.verb !== 'list' && target.verb !== 'watch') throw methodNotAllowed(resource);
}

function assertVerb(resource: Resource): void {
  const { target, definition, version } = resource;
  if (target.subresource !== '') {
    const subresource = version.subresources.find((candidate) => candidate.name === target.subresource);
    if (subresource === undefined) {
      if (definition.origin === 'crd') throw newNotFound(groupResource(resource), target.name);
      throw new UnknownResource();
    }
    if (!subresource.verbs.includes(target.verb)) throw methodNotAllowed(resource);
    return;
  }
  if (!definition.verbs.includes(target.verb as Verb)) {
    // A CRD on its way out refuses creations with 403, later; it lost the verb only in discovery.
    if (
      definition.isTerminating &&
      (target.verb === 'create' || target.verb === 'patch' || target.verb === 'update')
    )
      return;
    throw methodNotAllowed(resource);
  }
}

function methodNotAllowed(resource: Resource): Error {
  return newMethodNotAllowed(groupResource(resource), resource.target.verb);
}
