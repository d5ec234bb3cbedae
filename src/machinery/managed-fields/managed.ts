import { BoundedCache, limits } from '../../base/mod.ts';
import {
  decodeFieldsV1,
  encodeFieldsV1,
  type FieldSet,
  FieldsV1Error,
  type ManagedSet,
  type Managers,
  PathElementError,
} from '../apply/mod.ts';
import { deepEqual, isObject, type JsonObject, type JsonValue, newObject } from '../json-value.ts';

/** Who owns which fields of an object, and since when: metadata.managedFields, decoded. */
export interface Managed {
  /** By identifier (see {@link managerIdentifier}). */
  readonly owners: Managers;
  /** RFC 3339 seconds by identifier; a manager without entry has no time. */
  readonly times: ReadonlyMap<string, string>;
  /** What the sets were read from: most are written again as they are. */
  readonly encoded: ReadonlyMap<FieldSet, JsonValue>;
}

/** The list is not one that this server could have written. */
export class ManagedFieldsError extends Error {
  override readonly name = 'ManagedFieldsError';
}

export const NOTHING_MANAGED: Managed = { owners: new Map(), times: new Map(), encoded: new Map() };

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
  const version =
    operation === 'Apply' || apiVersion === '' ? '' : `,"apiVersion":${JSON.stringify(apiVersion)}`;
  const place = subresource === '' ? '' : `,"subresource":${JSON.stringify(subresource)}`;
  const name = manager === '' ? '' : `"manager":${JSON.stringify(manager)},`;
  return `{${name}"operation":"${operation}"${version}${place}}`;
}

/** What an identifier says; of an applier not the version. */
export function identityOf(id: string): ManagerIdentity {
  return identities.getOrMake(id, () => {
    const { manager, operation, apiVersion, subresource } = JSON.parse(id) as Partial<ManagerIdentity>;
    return {
      manager: manager ?? '',
      operation: operation ?? 'Update',
      apiVersion: apiVersion ?? '',
      subresource: subresource ?? '',
    };
  });
}

/** Objects have the same few dozen managers, but tenants choose their names. */
const identities = new BoundedCache<string, ManagerIdentity>(limits.managersCachedMax);

/** Reads metadata.managedFields. Throws {@link ManagedFieldsError} for what no server writes. */
export function decodeManagedFields(entries: readonly JsonObject[] | undefined): Managed {
  if (!Array.isArray(entries) || entries.length === 0) return NOTHING_MANAGED;
  const owners = new Map<string, ManagedSet>();
  const times = new Map<string, string>();
  const encoded = new Map<FieldSet, JsonValue>();
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
    encoded.set(set, fieldsV1 ?? newObject());
    owners.set(id, { set, apiVersion: version, isApplied: operation === 'Apply' });
    if (typeof time === 'string') times.set(id, time);
  });
  return { owners, times, encoded };
}

/** The value of metadata.managedFields, in upstream's order; undefined when nobody owns anything. */
export function encodeManagedFields(managed: Managed): JsonObject[] | undefined {
  const { owners, times, encoded } = managed;
  if (owners.size === 0) return undefined;
  const ids = [...owners.keys()];
  if (ids.length > 1) ids.sort((a, b) => compareEntries(managed, a, b));
  return ids.map((id) => {
    const { manager, operation, subresource } = identityOf(id);
    const { set, apiVersion } = owners.get(id)!;
    const time = times.get(id);
    const entry = newObject();
    if (manager !== '') entry['manager'] = manager;
    entry['operation'] = operation;
    entry['apiVersion'] = apiVersion;
    if (time !== undefined) entry['time'] = time;
    entry['fieldsType'] = 'FieldsV1';
    entry['fieldsV1'] = encoded.get(set) ?? encodeFieldsV1(set);
    if (subresource !== '') entry['subresource'] = subresource;
    return entry;
  });
}

function compareEntries({ owners, times }: Managed, idA: string, idB: string): number {
  const a = identityOf(idA);
  const b = identityOf(idB);
  return (
    compare(a.operation, b.operation) ||
    compare(times.get(idA) ?? '', times.get(idB) ?? '') ||
    compare(a.manager, b.manager) ||
    compare(owners.get(idA)!.apiVersion, owners.get(idB)!.apiVersion) ||
    compare(a.subresource, b.subresource)
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
