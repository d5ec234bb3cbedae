import type { FieldError, KubeObject, Schema } from '../machinery/mod.ts';
import type { Consistency } from './consistency.ts';
import type { ConversionWebhook } from './crd/conversion-review.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export interface Names {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

/** A subresource other than the kind itself. `kind` and `group` only where they differ from the parent's. */
export interface Subresource {
  readonly name: string;
  readonly verbs: readonly string[];
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
}

export interface DefinitionVersion {
  readonly name: string;
  readonly served: boolean;
  readonly deprecated?: boolean;
  readonly deprecationWarning?: string;
  /** Resolved: no `$ref` inside (built-in schemas are linked, and may be cyclic). */
  readonly schema: Schema;
  readonly subresources: readonly Subresource[];
  readonly scale?: ScalePaths;
  readonly printerColumns: readonly PrinterColumn[];
  /** JSON paths with leading dot; metadata.name and metadata.namespace are always selectable. */
  readonly selectableFields: readonly string[];
}

/** What is needed to know of the request inside a strategy. */
export interface StrategyContext {
  /** `''` for the main endpoint, else `status`, `finalize`. */
  readonly subresource: string;
  /** RFC 3339 seconds, UTC. */
  readonly now: string;
  /** Tells the client something that is wrong, but not held against this request. */
  readonly warn?: (text: string) => void;
}

/**
 * The rules of one kind, as upstream's registry strategies. The objects handed in belong to the
 * caller's request and may be changed in place by `prepare…`; `old` must not be changed.
 */
export interface Strategy {
  /** Is metadata.generation kept for this kind. */
  readonly hasGeneration: boolean;
  readonly allowsUnconditionalUpdate: boolean;
  readonly allowsCreateOnUpdate: boolean;
  /** Errors of `metadata.name` (or of generateName as a prefix), without path: upstream's texts. */
  validateName(name: string, options: { readonly isPrefix: boolean }): string[];
  /** Wipes status, sets defaults that the schema cannot express, merges stringData … */
  prepareForCreate(object: KubeObject, context: StrategyContext): void;
  /** Restores what this endpoint may not change. */
  prepareForUpdate(object: KubeObject, old: KubeObject, context: StrategyContext): void;
  /** Everything but generic metadata rules. */
  validateCreate(object: KubeObject, context: StrategyContext): FieldError[];
  validateUpdate(object: KubeObject, old: KubeObject, context: StrategyContext): FieldError[];
  /** The root fields that a write through this endpoint cannot set, so that nobody comes to own them by it. */
  resetFields(endpoint: { readonly subresource: string; readonly version: string }): readonly string[];
  /** Warnings for the Warning header on create and update. */
  warnings?(object: KubeObject, old: KubeObject | undefined): string[];
}

/** A cell of a Table row. */
export type Cell = string | number | bigint | boolean | null;
export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}
export interface TablePrinter {
  readonly columns: readonly TableColumn[];
  /** One row's cells, in the order of the columns. `nowMs` serves ages. */
  cells(object: KubeObject, nowMs: number): Cell[];
}

/** A kind whose objects can be had in several groups, each with versions of its own, as those of kcp's APIs are. */
export interface Family {
  /** Rows are rows of this definition, in its storage version. */
  readonly home: Definition;
  /** The version that an apiVersion of any of the groups means. */
  versionOf(apiVersion: string): DefinitionVersion | undefined;
  /** The object as it is in another of them; the object itself is not changed. */
  convert(object: KubeObject, apiVersion: string): KubeObject;
}

/** What a server adds to objects when it shows them, besides what all objects get. */
export interface ShownParts {
  /** Adds it, in place. */
  add(object: KubeObject): void;
  /** Takes it off what a client sends back, in place; `old` is the object as it is stored. */
  remove(object: KubeObject, old: KubeObject | undefined): void;
}

/**
 * One kind: its names, versions, schemas and rules. Built-in kinds, CRDs and APIResourceSchemas
 * are all definitions, and everything compiled is keyed by `hash`.
 */
export interface Definition {
  readonly origin: 'builtin' | 'crd';
  readonly group: string;
  readonly names: Names;
  readonly scope: 'Namespaced' | 'Cluster';
  /** In order of preference for discovery. */
  readonly versions: readonly DefinitionVersion[];
  readonly storageVersion: string;
  readonly verbs: readonly Verb[];
  /** Where objects are kept, if not under this group and resource (both Event APIs share one store). */
  readonly storedAs?: { readonly group: string; readonly resource: string };
  /** The version that discovery's hash of the stored form speaks of, if not the one that is stored. */
  readonly announcedStorageVersion?: string;
  /** The identity hash of the export that the kind comes from; absent for kinds that come from none. */
  readonly identity?: string;
  /** Objects of this kind are answers, never stored (SubjectAccessReview …). */
  readonly isVirtual?: boolean;
  /** No creations any more: the CRD, or the APIBinding that brings it, is being deleted. */
  readonly isTerminating?: boolean;
  /** Absent for kinds whose objects have one place at a time; see the design's consistency classes. */
  readonly consistency?: Consistency;
  /** SHA-256 (hex) over everything above: equal hashes behave the same. */
  readonly hash: string;
  readonly strategy: Strategy;
  /**
   * From the version that an object says it is in to the given one; undefined when there is no other, or when
   * `conversion` names somebody else who does it.
   */
  readonly convert?: (object: KubeObject, toVersion: string) => KubeObject;
  /**
   * The same to show the object, where `convert` can fail: this cannot, and what it has to leave out it says in an
   * annotation.
   */
  readonly convertToShow?: (object: KubeObject, toVersion: string) => KubeObject;
  /** Where else the same objects can be had, if anywhere. */
  readonly family?: Family;
  readonly conversion?: ConversionWebhook;
  /** Only in the form in which a server shows its objects: they are not shown as they are stored then. */
  readonly shown?: ShownParts;
  /** The values that field selectors see, by label: for stored rows and matching. Keys besides metadata.name/namespace. */
  selectable(object: KubeObject): Readonly<Record<string, string>>;
  /** Field labels that a selector may use in this version, besides metadata.name and metadata.namespace. */
  fieldLabels(version: string): readonly string[];
  printer(version: string): TablePrinter;
}
