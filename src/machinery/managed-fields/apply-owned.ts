import {
  ApplyError,
  applyPatch,
  type Conflict,
  type FieldSet,
  type TypedValue,
  TypedValueError,
  typedValue,
} from '../apply/mod.ts';
import { deepCopy, isObject, type JsonValue, newObject } from '../json-value.ts';
import type { KubeObject } from '../kube-object.ts';
import { StatusError } from '../status-error.ts';
import { capUpdaters } from './ancient-changes.ts';
import { newApplyConflict } from './conflicts.ts';
import { allowedByLastApplied, hasLastApplied, setLastApplied } from './last-applied.ts';
import { decodeManagedFields, encodeManagedFields, type Managed, managerIdentifier } from './managed.ts';
import {
  type FieldWriter,
  managerRules,
  type OwnershipRules,
  ownable,
  typedObject,
  withoutManagedFields,
} from './rules.ts';
import { updateOwners } from './track.ts';

const BEFORE_FIRST_APPLY = 'before-first-apply';
/** The manager as whom kubectl applies, which takes over what it applied on the client's side before. */
const KUBECTL = 'kubectl';

export interface AppliedConfiguration {
  /** The stored object; undefined when it is to be created. */
  readonly live: KubeObject | undefined;
  readonly config: KubeObject;
  readonly writer: FieldWriter;
  readonly isForced: boolean;
  /** The conflicts as this endpoint shows them, where its objects have another form. */
  readonly shown?: (conflicts: readonly Conflict[]) => readonly Conflict[];
}

/**
 * The live object with a configuration applied, and with the managed fields that follow. It shares nothing
 * with either, and lacks defaults.
 *
 * @throws {StatusError} 409 for fields that others own and want otherwise; 500, as upstream, for a
 * configuration that is not of the kind's type
 */
export async function applyOwned(rules: OwnershipRules, applied: AppliedConfiguration): Promise<KubeObject> {
  const { live, config, writer } = applied;
  const liveObject = live === undefined ? rules.empty : withoutManagedFields(live);
  const managed = await ownersOf(rules, { live, liveObject, writer });
  await rules.pause?.();
  const step = { ...applied, liveObject, managed };
  let merged = await mergeOwned(rules, step);
  if ('conflicts' in merged && writer.manager === KUBECTL) {
    const left = withoutAllowed(merged.conflicts, allowedByLastApplied(rules, liveObject));
    merged = left.length > 0 ? { conflicts: left } : await mergeOwned(rules, { ...step, isForced: true });
  }
  if ('conflicts' in merged) {
    throw newApplyConflict(applied.shown?.(merged.conflicts) ?? merged.conflicts);
  }
  const { object } = merged;
  await rules.pause?.();
  if (writer.manager === KUBECTL && hasLastApplied(object)) setLastApplied(object, config);
  const entries = encodeManagedFields(merged.managed);
  if (entries === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = entries;
  return object;
}

/** Who owns what before the apply. An object of which nobody knows is owned by whoever wrote it before. */
async function ownersOf(
  rules: OwnershipRules,
  known: {
    readonly live: KubeObject | undefined;
    readonly liveObject: KubeObject;
    readonly writer: FieldWriter;
  },
): Promise<Managed> {
  const managed = decodeManagedFields(known.live?.metadata.managedFields);
  if (managed.owners.size > 0) return managed;
  const writer = { manager: BEFORE_FIRST_APPLY, now: known.writer.now };
  const change = { managed, live: rules.empty, object: known.liveObject, writer };
  return explained(updateOwners(rules, change), (cause) => {
    const place = describeObject(rules, known.liveObject);
    const what =
      cause instanceof TypedValueError ? `failed to convert new object (${place}) to smd typed: ` : '';
    return `failed to create manager for existing fields: ${what}${cause.message}`;
  });
}

type Merged =
  | { readonly object: KubeObject; readonly managed: Managed }
  | { readonly conflicts: readonly Conflict[] };

async function mergeOwned(
  rules: OwnershipRules,
  step: AppliedConfiguration & { readonly liveObject: KubeObject; readonly managed: Managed },
): Promise<Merged> {
  const { liveObject, config, managed, writer, isForced } = step;
  const { apiVersion, subresource } = rules;
  const { manager, now } = writer;
  const id = managerIdentifier({ manager, operation: 'Apply', apiVersion, subresource });
  const typedConfig = typedConfiguration(rules, config);
  const apply = async () =>
    applyPatch({
      live: typedObject(rules, liveObject),
      config: typedConfig,
      managers: managed.owners,
      manager: id,
      force: isForced,
      rules: managerRules(rules),
    });
  const result = await explained(apply(), (cause) =>
    cause instanceof TypedValueError
      ? `failed to create typed live object (${describeObject(rules, liveObject)}): ${cause.message}`
      : cause.message,
  );
  if (result.kind === 'conflict') return result;
  const owners = new Map(result.managers);
  const own = owners.get(id);
  if (own !== undefined) {
    const set = ownable(own.set);
    if (set.isEmpty) owners.delete(id);
    else owners.set(id, { ...own, set });
  }
  const { object } = result;
  await rules.pause?.();
  // As upstream: who only joins in owning what is there already is not given a time.
  const times = object === undefined ? managed.times : new Map(managed.times).set(id, now);
  return {
    object: deepCopy((object?.value ?? liveObject) as KubeObject),
    managed: capUpdaters({ ...managed, owners, times }),
  };
}

/** Throws a 500, as upstream, with what is wrong. */
export function typedConfiguration(rules: OwnershipRules, config: KubeObject): TypedValue {
  const { apiVersion } = rules;
  try {
    return typedValue({ value: config, type: rules.typeOf(apiVersion)!, apiVersion });
  } catch (cause) {
    if (!(cause instanceof TypedValueError)) throw cause;
    const message = `failed to create typed patch object (${describeObject(rules, config)}): ${cause.message}`;
    throw new StatusError({ code: 500, reason: '', message, cause });
  }
}

/** A 500, as upstream: what the configuration made of the object has a value that its kind cannot hold. */
export function newUnconvertible(config: KubeObject, reason: string): StatusError {
  const kind = describeKind(config);
  const message = `failed to convert new object (${describeObject(config, config)}) to proper version: unable to convert unstructured object to ${kind}: ${reason}`;
  return new StatusError({ code: 500, reason: '', message });
}

/** The result, or the 500 that upstream has for what cannot be typed, compared or converted. */
async function explained<Result>(work: Promise<Result>, explain: (cause: Error) => string): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof TypedValueError || cause instanceof ApplyError)) throw cause;
    throw new StatusError({ code: 500, reason: '', message: explain(cause), cause });
  }
}

/** `namespace/name; group/version, Kind=kind`. */
function describeObject(
  { apiVersion }: { readonly apiVersion: string },
  { metadata, kind }: KubeObject,
): string {
  const { namespace, name } = isObject(metadata) ? metadata : newObject();
  return `${textOf(namespace)}/${textOf(name)}; ${describeKind({ apiVersion, kind })}`;
}

/** `group/version, Kind=kind`. */
function describeKind({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): string {
  return `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`;
}

function withoutAllowed(conflicts: readonly Conflict[], allowed: FieldSet): Conflict[] {
  return conflicts.filter(({ path }) => !allowed.has(path));
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
