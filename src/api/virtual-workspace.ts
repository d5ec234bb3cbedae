import type { Door } from '../access/mod.ts';
import type { ClusterScope, LogicalCluster } from '../base/mod.ts';
import type { DefinitionSet, FoundDefinition } from '../definitions/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import type { ObjectKey, ObjectSnapshot, Row } from '../store/mod.ts';

/**
 * What `/services/<name>/…/clusters/{*|name}` shows: the objects of logical clusters, as somebody sees them to whom
 * their owners have given a way in. Its verbs are those of all URLs, and its writes go the one write path; the view
 * says only which kinds there are and which of their objects are in sight, and as a {@link Door} who may come.
 *
 * Made for one request (or watch) and asked again and again while that runs, so that it answers from the newest
 * durable state: it keeps nothing.
 */
export interface VirtualWorkspace extends Door {
  /** What it is called in URLs; equal texts are the same view. */
  readonly name: string;
  /** Where those are at home who offer it: impersonation, webhooks and watches count there. */
  readonly home: LogicalCluster;
  /** At the name of its home the view is that of all logical clusters. */
  readonly isEverywhereAtHome?: boolean;
  /** The kind of that name; undefined when the view has none there. */
  find(cluster: ClusterScope, group: string, resource: string): ViewedKind | undefined;
  /** All kinds, for discovery and OpenAPI; the same in all logical clusters, so that they tell nothing about them. */
  kinds(): Promise<DefinitionSet>;
}

/** A kind as a view has it: its verbs and subresources are those that are served there. */
export interface ViewedKind extends FoundDefinition {
  /** Absent: all of its objects are in sight. */
  readonly sight?: Sight;
}

/** Which objects of a kind are in sight, for reads and writes alike. */
export interface Sight {
  /** Equal texts see the same. */
  readonly text: string;
  /** Judged by each state of an object: one that comes out of sight is DELETED for watches. Quick, and never throws. */
  sees(key: ObjectKey, row: Pick<Row, 'labels' | 'fields'>): boolean;
  /**
   * Makes an object that is written be in sight, or throws the `StatusError` that says why it cannot be; what is not in
   * sight after it is refused. Absent: nothing is put right.
   */
  settle?(object: KubeObject): void;
  /**
   * For lists over all logical clusters: those alone that may have anything to show, in order, behind a name if one is
   * given. Absent: the index over all of them is read.
   */
  clusters?(snapshot: ObjectSnapshot, after: string | undefined): AsyncIterable<LogicalCluster>;
}

/** One family of `/services/<name>/…` URLs; `facade/path.ts` knows how many segments name a view of it. */
export interface Service {
  /**
   * The view that the segments between the name and `/clusters/` name, as they are in the URL; undefined when they
   * cannot name any. It need not exist: who may not see it must not learn that.
   */
  view(parameters: readonly string[]): VirtualWorkspace | undefined;
}

export type Services = ReadonlyMap<string, Service>;
