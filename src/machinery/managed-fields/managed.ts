import {
  decodeFieldsV1,
  encodeFieldsV1,
  type FieldSet,
  FieldsV1Error,
  type ManagedSet,
  type Managers,
  PathElementError,
} from '../apply/mod.ts';
import { deepEqual, isObject, type JsonObject, type JsonValue, newObject, objectOf } from '../json-value.ts';

/** Who owns which fields of an object, and since when: metadata.managedFields, decoded. */
export interface Managed {
  /** By identifier (see {@link managerIdentifier}). */
  readonly owners: Managers;
  /** RFC 3339 seconds by identifier; a manager without entry has no time. */
  readonly times: ReadonlyMap<string, string>;
}

/** The list is not one that this server could have written. */
export class ManagedFieldsError extends Error {
  override readonly name = 'ManagedFieldsError';
}

export const NOTHING_MANAGED: Managed = { owners: new Map(), times: new Map() };

/** What makes one entry of metadata.managedFields different from all others. */
export interface ManagerIdentity {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  /** Not part of the identity of an applier, which may change the version of its configuration. */
  readonly apiVersion: string;
  readonly subresource: string;
}

/**
 * The text by which a manager is found among others. It has upstream's form, because the order of these
 * texts decides which of two equally old managers is dropped first.
 */
export function managerIdentifier({ manager, operation, apiVersion, subresource }: ManagerIdentity): string {
  return JSON.stringify({
    ...(manager === '' ? {} : { manager }),
    operation,
    ...(operation === 'Apply' || apiVersion === '' ? {} : { apiVersion }),
    ...(subresource === '' ? {} : { subresource }),
  });
}

/** What an identifier says; of an applier not the version. */
export function identityOf(id: string): ManagerIdentity {
  const { manager, operation, apiVersion, subresource } = JSON.parse(id) as Partial<ManagerIdentity>;
  return {
    manager: manager ?? '',
    operation: operation ?? 'Update',
    apiVersion: apiVersion ?? '',
    subresource: subresource ?? '',
  };
}

/** Reads metadata.managedFields. Throws {@link ManagedFieldsError} for what no server writes. */
export function decodeManagedFields(entries: readonly JsonObject[] | undefined): Managed {
  if (!Array.isArray(entries) || entries.length === 0) return NOTHING_MANAGED;
  const owners = new Map<string, ManagedSet>();
  const times = new Map<string, string>();
  entries.forEach((entry, index) => {
    if (!isObject(entry)) throw new ManagedFieldsError(`managed fields entry ${index} is not an object`);
    const { manager, operation, apiVersion, fieldsType, fieldsV1, time, subresource } = entry;
    if (operation !== 'Apply' && operation !== 'Update') {
      throw new ManagedFieldsError('operation must be `Apply` or `Update`');
    }
    const version = textOf(apiVersion);
    if (version === '') throw new ManagedFieldsError('apiVersion must not be empty');
    if (textOf(fieldsType) === '') {
      throw new ManagedFieldsError(`missing fieldsType in managed fields entry ${index}`);
    }
    if (fieldsType !== 'FieldsV1') {
      throw new ManagedFieldsError(
        `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`,
      );
    }
    const id = managerIdentifier({
      manager: textOf(manager),
      operation,
      apiVersion: version,
      subresource: textOf(subresource),
    });
    const set = readFields(fieldsV1 ?? newObject());
    owners.set(id, { set, apiVersion: version, isApplied: operation === 'Apply' });
    if (typeof time === 'string') times.set(id, time);
  });
  return { owners, times };
}

/** The value of metadata.managedFields, in upstream's order; undefined when nobody owns anything. */
export function encodeManagedFields({ owners, times }: Managed): JsonObject[] | undefined {
  if (owners.size === 0) return undefined;
  const entries = [...owners].map(([id, owner]) => ({ ...identityOf(id), time: times.get(id), owner }));
  if (entries.length > 1) {
    entries.sort(
      (a, b) =>
        compare(a.operation, b.operation) ||
        compare(a.time ?? '', b.time ?? '') ||
        compare(a.manager, b.manager) ||
        compare(a.owner.apiVersion, b.owner.apiVersion) ||
        compare(a.subresource, b.subresource),
    );
  }
  return entries.map(({ manager, operation, subresource, time, owner }) =>
    objectOf({
      manager: manager === '' ? undefined : manager,
      operation,
      apiVersion: owner.apiVersion,
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: encodeFieldsV1(owner.set),
      subresource: subresource === '' ? undefined : subresource,
    }),
  );
}

function readFields(fieldsV1: JsonValue): FieldSet {
  try {
    return decodeFieldsV1(fieldsV1);
  } catch (cause) {
    if (!(cause instanceof FieldsV1Error || cause instanceof PathElementError)) throw cause;
    throw new ManagedFieldsError(`error decoding set: ${cause.message}`, { cause });
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Whether two values of metadata.managedFields say the same, whenever it came to be. */
export function isOwnershipSame(a: readonly JsonObject[], b: readonly JsonObject[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((entry, index) => {
    const other = b[index]!;
    const keys = new Set([...Object.keys(entry), ...Object.keys(other)]);
    keys.delete('time');
    return [...keys].every((key) => deepEqual(entry[key], other[key]));
  });
}
