import type { LogicalCluster } from '../base/mod.ts';

/** What the segment of a URL behind `/clusters/` names. */
export interface ResolvedPath {
  readonly cluster: LogicalCluster;
  /** The workspace, or one on the way to it, is there but cannot be used now: 503 for those who may enter it. */
  readonly isUnavailable: boolean;
}

/** Finds workspaces by their paths. */
export interface Paths {
  /**
   * The logical cluster that a segment such as `root:org:team`, `user:alice` or a logical cluster's own name leads
   * to, by the durable state. Undefined when there is none.
   */
  resolve(segment: string): ResolvedPath | undefined;
}
