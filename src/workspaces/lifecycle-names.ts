/** The phases of a logical cluster that is going away: first its terminators have their say, then all goes. */
export const TERMINATING = 'Terminating';
export const DELETING = 'Deleting';
export const INITIALIZING = 'Initializing';
export const READY = 'Ready';
export const INACTIVE = 'Inactive';
export const UNAVAILABLE = 'Unavailable';

/** Keeps a logical cluster as long as terminators have something to do in it. */
export const TERMINATORS_FINALIZER = 'kcp.io/has-terminators';

/** Nobody may do anything in a logical cluster with one of these set to `true`; the second is its former name. */
export const INACTIVE_ANNOTATIONS = ['core.kcp.io/inactive', 'internal.kcp.io/inactive'] as const;

/** Types of conditions. */
export const INITIALIZED = 'WorkspaceInitialized';
export const BINDINGS_INITIALIZED = 'APIBindingsInitialized';
export const BINDINGS_RECONCILED = 'APIBindingsReconciled';
export const CONTENT_DELETED = 'WorkspaceContentDeleted';
/** Why content is not deleted: somebody holds it. */
export const RESOURCES_REMAIN = 'SomeResourcesRemain';
