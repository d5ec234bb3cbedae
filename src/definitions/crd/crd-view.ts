import {
  objectAt as findObject,
  isObject,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  objectsAt,
  type Schema,
  textAt,
} from '../../machinery/mod.ts';

/** One of spec.versions, as far as it has the right types. */
export interface VersionView {
  readonly name: string;
  readonly isServed: boolean;
  readonly isStorage: boolean;
  readonly schema: Schema | undefined;
  readonly subresources: JsonObject | undefined;
  readonly hasStatus: boolean;
  readonly scale: JsonObject | undefined;
  readonly columns: readonly JsonObject[];
  readonly selectableFields: readonly JsonObject[];
  readonly raw: JsonObject;
}

/** The object at a key, or an empty one. */
export function objectAt(parent: JsonObject | undefined, key: string): JsonObject {
  return findObject(parent, key) ?? EMPTY;
}

export function specOf(crd: KubeObject): JsonObject {
  return objectAt(crd, 'spec');
}

export function statusOfCrd(crd: KubeObject): JsonObject {
  return objectAt(crd, 'status');
}

export function versionsOf(crd: KubeObject): VersionView[] {
  return objectsAt(specOf(crd), 'versions').map(viewOf);
}

/** The condition of a type, or undefined. */
export function conditionOf(crd: KubeObject, type: string): JsonObject | undefined {
  return objectsAt(statusOfCrd(crd), 'conditions').find((condition) => condition['type'] === type);
}

export function isConditionTrue(crd: KubeObject, type: string): boolean {
  return conditionOf(crd, type)?.['status'] === 'True';
}

export function annotationOf(crd: KubeObject, name: string): string {
  const annotations: JsonValue | undefined = crd.metadata.annotations;
  return isObject(annotations) ? textAt(annotations, name) : '';
}

function viewOf(raw: JsonObject): VersionView {
  const schema = objectAt(raw, 'schema')['openAPIV3Schema'];
  const subresources = raw['subresources'];
  const scale = objectAt(raw, 'subresources')['scale'];
  return {
    name: textAt(raw, 'name'),
    isServed: raw['served'] === true,
    isStorage: raw['storage'] === true,
    schema: isObject(schema) ? (schema as Schema) : undefined,
    subresources: isObject(subresources) ? subresources : undefined,
    hasStatus: isObject(objectAt(raw, 'subresources')['status']),
    scale: isObject(scale) ? scale : undefined,
    columns: objectsAt(raw, 'additionalPrinterColumns'),
    selectableFields: objectsAt(raw, 'selectableFields'),
    raw,
  };
}

const EMPTY: JsonObject = Object.freeze(Object.create(null)) as JsonObject;
