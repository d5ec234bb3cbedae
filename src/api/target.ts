import { SYSTEM_USER, type User } from '../access/mod.ts';
import { type ClusterScope, EVERYWHERE, type LogicalCluster, SYSTEM_ADMIN_CLUSTER } from '../base/mod.ts';
import { collectionOf, type Definition, type DefinitionVersion, type Verb } from '../definitions/mod.ts';
import { type GroupResource, newMethodNotAllowed, newNotFound, StatusError } from '../machinery/mod.ts';
import type { CollectionKey, ObjectKey, Precondition, StateScope } from '../store/mod.ts';
import type { Api } from './api.ts';
import type { Audience } from './audience.ts';
import { kindEverywhere } from './kinds-everywhere.ts';
import { assertActive, LOGICAL_CLUSTERS, logicalClusterKey, readLogicalCluster } from './logical-cluster.ts';
import type { RevisionForm } from './revision-form.ts';
import type { Sight, ViewedKind, VirtualWorkspace } from './virtual-workspace.ts';

/** What a resource URL names. Empty texts where it names nothing. */
export interface TargetIn<Cluster extends ClusterScope> {
  readonly user: User;
  readonly cluster: Cluster;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** What it is seen through, unless that is the URL of a logical cluster, or of all of them. */
  readonly view?: VirtualWorkspace | undefined;
  /** Who asks, where the request goes on as more than them: see `Door`. */
  readonly caller?: User;
  /** The member for whose clients it is answered, if that is another one. */
  readonly audience?: Audience | undefined;
}

export type Target = TargetIn<ClusterScope>;

/** A target with the definition that is found for it: in one logical cluster, or for all of them. */
export interface ResourceIn<Cluster extends ClusterScope> {
  readonly target: TargetIn<Cluster>;
  readonly definition: Definition;
  readonly version: DefinitionVersion;
  readonly subresource: string;
  readonly collection: Omit<CollectionKey, 'cluster'> & { readonly cluster: Cluster };
  /** How resourceVersions look at this URL. */
  readonly revisions: RevisionForm;
  /** Which objects a view shows. */
  readonly sight: Sight | undefined;
  /** What a write through this definition relies on. */
  readonly preconditions: readonly Precondition[];
}

/** A target in a logical cluster: what nearly all verbs are about. */
export type Resource = ResourceIn<LogicalCluster>;
/** What lists and watches are about. */
export type CollectionResource = ResourceIn<ClusterScope>;

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
  if (!isInOneCluster(target)) throw methodNotAllowedEverywhere(target);
  const { cluster } = target;
  const row = readLogicalCluster(api, cluster);
  if (row === undefined) throw new UnknownCluster();
  if (target.user !== SYSTEM_USER && !isAboutLogicalClusters(target)) assertActive(cluster, row);
  const found =
    target.view === undefined
      ? api.registry.find(cluster, target.group, target.resource)
      : target.view.find(cluster, target.group, target.resource);
  const precondition = { key: logicalClusterKey(cluster), revision: row.revision };
  return resourceOf(api, target, { found, preconditions: [precondition] });
}

/**
 * The same for a collection, which may be that of all logical clusters. `isPartial`: only metadata is to be shown,
 * for which nobody has to know a schema.
 */
export function resolveCollection(
  api: Api,
  target: Target,
  options: { readonly isPartial: boolean },
): CollectionResource {
  const { cluster, view, group, resource, verb } = target;
  if (cluster !== EVERYWHERE) return resolve(api, target);
  if ((verb !== 'list' && verb !== 'watch') || target.name !== '') throw methodNotAllowedEverywhere(target);
  const found =
    view === undefined ? kindEverywhere(api, target, options) : view.find(cluster, group, resource);
  return resourceOf(api, target, { found, preconditions: [] });
}

/** Whoever may switch a logical cluster on again has to get at what says that it is off. */
function isAboutLogicalClusters({ group, resource }: Target): boolean {
  return group === LOGICAL_CLUSTERS.group && resource === LOGICAL_CLUSTERS.resource;
}

function isInOneCluster(target: Target): target is TargetIn<LogicalCluster> {
  return target.cluster !== EVERYWHERE;
}

/** Where no single shard orders the events, only this member's own order counts. */
function revisionsOf(api: Api, { cluster, view }: Target, definition: Definition): RevisionForm {
  const isInMemberOrder = cluster === EVERYWHERE || view !== undefined;
  return isInMemberOrder ? api.revisions.memberOf(definition) : api.revisions.of(definition);
}

/** What states of a resource's collection are told of, and in which order. */
export function stateOf({ collection, revisions }: CollectionResource): StateScope {
  return { collection, order: revisions.name };
}

function shownTo(audience: Audience | undefined, own: RevisionForm): RevisionForm {
  return audience === undefined ? own : audience.formOf(own);
}

function resourceOf<Cluster extends ClusterScope>(
  api: Api,
  target: TargetIn<Cluster>,
  place: {
    readonly found: ViewedKind | undefined;
    readonly preconditions: readonly Precondition[];
  },
): ResourceIn<Cluster> {
  const { found } = place;
  const version = found?.definition.versions.find(
    (candidate) => candidate.name === target.version && (candidate.served || target.user === SYSTEM_USER),
  );
  if (found === undefined || version === undefined) throw new UnknownResource();
  const definition = (target.audience?.urls ?? api.urls).formOf(found.definition);
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
    revisions: shownTo(target.audience, revisionsOf(api, target, definition)),
    sight: found.sight,
    preconditions: [...found.preconditions, ...place.preconditions],
  };
  assertScope(resource, isNamespacedUrl);
  assertVerb(resource);
  return resource;
}

/** The 405 of kcp for what cannot be done to all logical clusters at once. */
export function methodNotAllowedEverywhere({ group, resource, verb }: Target): StatusError {
  const { message } = newMethodNotAllowed({ group, resource }, verb);
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: `${message} in the \`*\` logical cluster`,
  });
}

/** Who is charged for what a request costs besides: webhooks that are called, watches that are open. */
export function payerOf({ cluster, view }: Target): LogicalCluster {
  if (cluster !== EVERYWHERE) return cluster;
  return view?.home ?? SYSTEM_ADMIN_CLUSTER;
}

export function groupResource(resource: CollectionResource): GroupResource {
  return { group: resource.definition.group, resource: resource.definition.names.plural };
}

export function groupKind(resource: CollectionResource): { readonly group: string; readonly kind: string } {
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
export function namespaceOf(resource: CollectionResource): string {
  return resource.definition.scope === 'Namespaced' ? resource.target.namespace : '';
}

export function isNamespace(definition: Definition): boolean {
  return definition.group === '' && definition.names.plural === 'namespaces';
}

function assertScope(resource: CollectionResource, isNamespacedUrl: boolean): void {
  const { target, definition } = resource;
  if (definition.scope === 'Cluster' || isNamespacedUrl) return;
  // All namespaces at once: only reading the collection makes sense.
  if (target.name !== '') throw new UnknownResource();
  if (target.verb !== 'list' && target.verb !== 'watch') throw methodNotAllowed(resource);
}

function assertVerb(resource: CollectionResource): void {
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

function methodNotAllowed(resource: CollectionResource): Error {
  return newMethodNotAllowed(groupResource(resource), resource.target.verb);
}
