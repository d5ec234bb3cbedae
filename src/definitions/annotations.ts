/** The canonical path of a workspace, on its LogicalCluster and on what others refer to by that path. */
export const PATH_ANNOTATION = 'kcp.io/path';
/** The type of a workspace as `path:name`, on its LogicalCluster. */
export const TYPE_ANNOTATION = 'internal.tenancy.kcp.io/type';
