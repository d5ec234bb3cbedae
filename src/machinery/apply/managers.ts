import type { FieldFilter } from './field-filter.ts';
import type { FieldSet } from './field-set.ts';
import { type Steps, waitFor } from './steps.ts';
import type { TypedValue } from './typed-value.ts';

/** What one manager owns. */
export interface ManagedSet {
  readonly set: FieldSet;
  /** The version of the API whose fields the set names. */
  readonly apiVersion: string;
  /** Owned by applying (else by updating): what such a manager no longer applies is removed. */
  readonly isApplied: boolean;
}

/** The managers of an object by their identity, whatever the caller makes that of. */
export type Managers = ReadonlyMap<string, ManagedSet>;

/**
 * Gives an object in another version; `undefined` where that version no longer exists, which makes entries
 * of that version go. May wait (for a webhook). Is not asked for the version that an object is in already.
 */
export type VersionConverter = (
  value: TypedValue,
  apiVersion: string,
) => TypedValue | undefined | Promise<TypedValue | undefined>;

/** What the updater needs to know of the API. */
export interface ManagerRules {
  readonly convert: VersionConverter;
  /** Which fields of that version the endpoint lets its writers own; `undefined` for all. */
  readonly filterOf?: (apiVersion: string) => FieldFilter | undefined;
  /** Called between the parts of the work: it goes on when what comes back has resolved. */
  readonly pause?: () => Promise<void> | undefined;
}

/** Ownership could not be worked out, because the object cannot be converted, merged or compared. */
export class ApplyError extends Error {
  override readonly name = 'ApplyError';
}

/** Runs a part of the work, naming it in front of the message of what goes wrong in it. */
export function attempt<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw named(what, cause);
  }
}

/** As {@link attempt}, for work that may wait. */
export function* attemptSteps<T>(what: string, work: Steps<T>): Steps<T> {
  try {
    return yield* work;
  } catch (cause) {
    throw named(what, cause);
  }
}

/** Converts objects between versions, each of a pair of object and version once. */
export class Conversions {
  readonly #convert: VersionConverter;
  readonly #known = new Map<TypedValue, Map<string, TypedValue | undefined>>();

  constructor(convert: VersionConverter) {
    this.#convert = convert;
  }

  *at(value: TypedValue, apiVersion: string): Steps<TypedValue | undefined> {
    if (value.apiVersion === apiVersion) return value;
    let byVersion = this.#known.get(value);
    if (byVersion === undefined) {
      byVersion = new Map();
      this.#known.set(value, byVersion);
    }
    if (byVersion.has(apiVersion)) return byVersion.get(apiVersion);
    const converted = yield* waitFor(this.#convert(value, apiVersion));
    byVersion.set(apiVersion, converted);
    return converted;
  }
}

function named(what: string, cause: unknown): ApplyError {
  return new ApplyError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}
