import type { LogicalCluster } from '../base/mod.ts';

/** What the segment of a URL behind `/clusters/` names. */
export interface ResolvedPath {
  readonly cluster: LogicalCluster;
  /** The workspace, or one on the way to it, is there but cannot be used now: 503 for those who may enter it. */
  readonly isUnavailable: boolean;
}

/** A workspace that is a door to a server elsewhere. */
export interface Mount {
  /** Where its Workspace lies, and its name there. */
  readonly cluster: LogicalCluster;
  readonly name: string;
  /** Where the server is; undefined as long as the door is closed. */
  readonly url: string | undefined;
}

/** Finds workspaces by their paths. */
export interface Paths {
  /**
   * The logical cluster that a segment such as `root:org:team`, `user:alice` or a logical cluster's own name leads
   * to, by the durable state. Undefined when there is none.
   */
  resolve(segment: string): ResolvedPath | undefined;
  /** The mount that a path leads to, which has no logical cluster: so it is nowhere else taken for one. */
  mountAt(segment: string): Mount | undefined;
}
