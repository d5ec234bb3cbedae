export type { Api, RequestCommits, RequestContext } from './api.ts';
export { APPLY_PATCH } from './apply.ts';
export { type Audience, memberAudience, placeholderOf } from './audience.ts';
export { encodeNew, FOUNDER } from './cluster-default-set.ts';
export { commitApart, ReadsApart } from './commit-apart.ts';
export { companionDelete, companionPut, hookedWork, hooksOf } from './companions.ts';
export { ContinueTokens } from './continue-token.ts';
export * from './convergent/mod.ts';
export { rowInVersion } from './conversion.ts';
export { create } from './create.ts';
export { type Body, parseBody } from './decode.ts';
export {
  DEFAULT_SERVICE_ACCOUNT,
  defaultServiceAccount,
  isRootCaCurrent,
  NAMESPACE_DEFAULTS_MANAGER,
  ROOT_CA_CONFIG_MAP,
  rootCaConfigMap,
  SYSTEM_NAMESPACES,
  systemNamespace,
  withRootCa,
} from './default-objects.ts';
export { type DeleteOptions, parseDeleteOptions, remove } from './delete.ts';
export { removeCollection } from './delete-collection.ts';
export { departuresEnded } from './departures.ts';
export { warnOfDeprecation } from './deprecation.ts';
export {
  aggregatedDiscovery,
  aggregatedETag,
  legacyCoreVersions,
  legacyGroup,
  legacyGroupList,
  legacyResourceList,
  rootPaths,
} from './discovery.ts';
export { type Format, PLAIN_JSON } from './format.ts';
export { get } from './get.ts';
export type { Homes } from './homes.ts';
export {
  type Companion,
  type Companions,
  type KindChange,
  type KindHooks,
  KindHookTable,
  type KindWork,
} from './kind-hooks.ts';
export { learnKindEverywhere } from './kinds-everywhere.ts';
export { list } from './list.ts';
export {
  assertActive,
  commitLogicalCluster,
  createLogicalCluster,
  INACTIVE,
  LOGICAL_CLUSTERS,
  logicalClusterKey,
  type NewLogicalCluster,
  newLogicalCluster,
  readLogicalCluster,
} from './logical-cluster.ts';
export { type MemberPositions, OneShardPositions, StorePositions } from './member-positions.ts';
export { isMount, parseMountWorkKey, WORKSPACE_MOUNTS } from './mount-work.ts';
export {
  openApiV2,
  openApiV2Protobuf,
  openApiV3Document,
  openApiV3Index,
  openApiV3Protobuf,
} from './openapi/mod.ts';
export { patch } from './patch.ts';
export type { Mount, Paths, ResolvedPath } from './paths.ts';
export { Query } from './query.ts';
export { writeQuotaStatus } from './quota-status.ts';
export { encodeIn, renderObject, renderRow, type View, viewOf } from './render.ts';
export { type Reviewed, review } from './review.ts';
export { type RevisionForm, RevisionForms } from './revision-form.ts';
export { decodeStored, encodeRow } from './row-codec.ts';
export { isSameKey } from './same-key.ts';
export { patchScale, updateScale } from './scale.ts';
export { selectedName } from './selection.ts';
export type { KnownShard, Shards } from './shards.ts';
export { ShownUrls } from './shown-urls.ts';
export {
  apiVersionOf,
  type CollectionResource,
  methodNotAllowedEverywhere,
  objectKey,
  type Resource,
  resolve,
  type Target,
  UnknownCluster,
  UnknownResource,
} from './target.ts';
export { requestToken } from './token-request.ts';
export { update } from './update.ts';
export type { Service, Services, Sight, ViewedKind, VirtualWorkspace } from './virtual-workspace.ts';
export { type RunningWatch, WatchHub, type WatchOutput } from './watch.ts';
export {
  CONTROLLERS,
  EVENT_EXPIRY,
  eventExpiryDebt,
  eventWrittenBeforeMs,
  FOREGROUND_FINALIZER,
  isEvent,
  ORPHAN_FINALIZER,
  objectWorkKey,
  parseObjectWorkKey,
  recountDebt,
} from './work.ts';
export type { Attempt, QuotaCount, Reads, Written } from './write.ts';
export { parseWriteOptions, type WriteOptions } from './write-options.ts';
