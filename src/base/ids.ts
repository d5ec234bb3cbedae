declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** The identity behind a workspace: what objects are stored under. Survives moves. */
export type LogicalCluster = Branded<string, 'LogicalCluster'>;
/** The name of a set of logical clusters that share one totally ordered log. */
export type ShardName = Branded<string, 'ShardName'>;
/** The name of a place on the planet. */
export type RegionName = Branded<string, 'RegionName'>;
/** A hybrid logical timestamp of one change, and the Kubernetes resourceVersion: 53 bits, 0 is never given. */
export type Revision = Branded<number, 'Revision'>;

// The pattern of kcp's logical cluster names and paths; a raw URL segment must match it as it stands,
// so that no decoding can smuggle a separator, a wildcard or a dot segment into a storage key.
const LOGICAL_CLUSTER = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?){0,31}$/;

/** The logical cluster of that name, or undefined when the text cannot be one. */
export function parseLogicalCluster(text: string): LogicalCluster | undefined {
  return text.length <= 512 && LOGICAL_CLUSTER.test(text) ? (text as LogicalCluster) : undefined;
}

/** Whether a text is one segment of a path, so that it can be walked. */
export function isPathSegment(text: string): boolean {
  return parseLogicalCluster(text) !== undefined && !text.includes(':');
}

/** All logical clusters at once, as in `/clusters/*`: no name of a logical cluster, and no key holds it. */
export const EVERYWHERE = '*';
/** Where a request goes: into one logical cluster, or to all of them. */
export type ClusterScope = LogicalCluster | typeof EVERYWHERE;

export const ROOT_CLUSTER = 'root' as LogicalCluster;
/** Where the control plane keeps what belongs to no workspace. */
export const SYSTEM_ADMIN_CLUSTER = 'system:admin' as LogicalCluster;

/** The revision that a resourceVersion text names; undefined when it is not a decimal number of 53 bits. */
export function parseRevision(text: string): Revision | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? (value as Revision) : undefined;
}
