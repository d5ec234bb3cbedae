/** What kcp calls things. */
export const TENANCY_GROUP = 'tenancy.kcp.io';
export const TENANCY_API_VERSION = 'tenancy.kcp.io/v1alpha1';
export const CORE_GROUP = 'core.kcp.io';
export const WORKSPACES = 'workspaces';
export const WORKSPACE_TYPES = 'workspacetypes';
export const LOGICAL_CLUSTERS = 'logicalclusters';
export const SHARDS = 'shards';

/** Annotations. */
export { PATH_ANNOTATION as PATH, TYPE_ANNOTATION as TYPE } from '../definitions/mod.ts';
export const OWNER = 'experimental.tenancy.kcp.io/owner';
export const REQUIRED_GROUPS = 'authorization.kcp.io/required-groups';
export const SHARD = 'core.kcp.io/shard';
/** Deprecated by kcp, and still written: a hash of the shard's name. */
export const SHARD_HASH = 'internal.tenancy.kcp.io/shard';
export const CLUSTER = 'internal.tenancy.kcp.io/cluster';
/** How many objects a logical cluster may have at most; administrators of the planet set it. */
export const MAX_OBJECTS = 'core.kcp.io/max-total-objects';
export const UNSCHEDULABLE = 'experimental.core.kcp.io/unschedulable';

/** How default bindings follow their type, on a WorkspaceType: it goes before the field. */
export const BINDING_LIFECYCLE = 'experimental.tenancy.kcp.io/default-api-binding-lifecycle';

/** Labels. */
export const PHASE_LABEL = 'tenancy.kcp.io/phase';
export const REGION_LABEL = 'region';
export const INITIALIZER_LABEL_PREFIX = 'initializer.internal.kcp.io/';
export const TERMINATOR_LABEL_PREFIX = 'terminator.internal.kcp.io/';

/** Finalizers of a Workspace, and of a LogicalCluster. */
export const WORKSPACE_FINALIZER = 'core.kcp.io/logicalcluster';
export const LOGICAL_CLUSTER_FINALIZER = 'core.kcp.io/logicalcluster-deletion';

/** The initializer that waits for the default bindings. */
export const BINDINGS_INITIALIZER = 'system:apibindings';
/** The type of those who name none where nothing else is said. */
export const UNIVERSAL_TYPE = { path: 'root', name: 'universal' } as const;
