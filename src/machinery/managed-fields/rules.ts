import {
  type ApplyType,
  differenceOf,
  type FieldFilter,
  FieldSet,
  fieldElement,
  type ManagerRules,
  type TypedValue,
  typedValue,
} from '../apply/mod.ts';
import { type JsonObject, objectOf } from '../json-value.ts';
import type { KubeObject } from '../kube-object.ts';

/** What ownership needs to know of a kind, at one endpoint in one version. */
export interface OwnershipRules {
  /** `group/version` or `v1`, of the endpoint. */
  readonly apiVersion: string;
  readonly subresource: string;
  /** What this endpoint lets its writers own; everything if undefined. */
  readonly filter: FieldFilter | undefined;
  /** What an object that is not there counts as: its kind, and what every object of the kind shows. */
  readonly empty: KubeObject;
  /** An empty list of managed fields can be told from none. Upstream can do so for built-in kinds only. */
  readonly knowsEmptyLists: boolean;
  /** The type in a version; undefined if the kind has no such version (any more). */
  typeOf(apiVersion: string): ApplyType | undefined;
  /** The object in another version that {@link typeOf} knows. */
  convert(object: KubeObject, apiVersion: string): KubeObject | Promise<KubeObject>;
  /** Called between the parts of the work, for others to get a turn. */
  pause?(): Promise<void> | undefined;
}

/** Who writes, and when: RFC 3339 seconds. */
export interface FieldWriter {
  readonly manager: string;
  readonly now: string;
}

/** Fields that nobody owns, because the server or the URL decides about them. */
const UNOWNED = FieldSet.of(
  [fieldElement('apiVersion')],
  [fieldElement('kind')],
  [fieldElement('metadata')],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((field) => [fieldElement('metadata'), fieldElement(field)]),
);

export function ownable(set: FieldSet): FieldSet {
  return differenceOf(set, UNOWNED);
}

/** The object without its managed fields, which are nobody's; shares everything else. */
export function withoutManagedFields(object: KubeObject): KubeObject {
  if (object.metadata.managedFields === undefined) return object;
  const metadata = objectOf(object.metadata);
  delete metadata['managedFields'];
  return objectOf({ ...object, metadata }) as KubeObject;
}

/** An object that somebody sent: lists may hold an item twice. Throws `TypedValueError`. */
export function typedObject(rules: OwnershipRules, object: JsonObject): TypedValue {
  const { apiVersion } = rules;
  return typedValue({ value: object, type: rules.typeOf(apiVersion)!, apiVersion, allowDuplicates: true });
}

/** How the updater sees the other versions of an object. */
export function managerRules(rules: OwnershipRules): ManagerRules {
  return {
    ...(rules.pause && { pause: () => rules.pause?.() }),
    filterOf: (apiVersion) => (apiVersion === rules.apiVersion ? rules.filter : undefined),
    convert(typed, apiVersion) {
      const type = rules.typeOf(apiVersion);
      if (type === undefined) return undefined;
      const converted = rules.convert(typed.value as KubeObject, apiVersion);
      const wrap = (value: KubeObject): TypedValue => ({ value, type, apiVersion });
      return converted instanceof Promise ? converted.then(wrap) : wrap(converted);
    },
  };
}
