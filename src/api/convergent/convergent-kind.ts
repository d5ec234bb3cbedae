import { BoundedCache, limits } from '../../base/mod.ts';
import { fieldClassesOf, type ObjectCheck, type ObjectType, objectTypeOf } from '../../convergent/mod.ts';
import { applyTypeOf, type Definition, ownDefinition, readCustomResource } from '../../definitions/mod.ts';
import { deepCopy, type KubeObject, propertySchemaOf, type Schema } from '../../machinery/mod.ts';
import type { ObjectKey } from '../../store/mod.ts';
import type { Api } from '../api.ts';
import { homeOf } from '../row-codec.ts';

/** A kind as documents need it: how its objects are cut, and when one is valid. In the version that is stored. */
export interface ConvergentKind {
  readonly definition: Definition;
  readonly type: ObjectType;
  readonly check: ObjectCheck;
  /** Whether objects have `status.conditions` that can say what there is to say of a merge. */
  readonly hasConditions: boolean;
  /** Gives an object what every read would add, in place, so that its bytes can be copied. */
  complete(object: KubeObject): void;
}

const kinds = new BoundedCache<string, ConvergentKind>(limits.convergentKindsCachedMax);

/** What follows from a definition, once for each hash. */
export function convergentKindOf(definition: Definition): ConvergentKind {
  const home = homeOf(definition);
  return kinds.getOrMake(`${home.hash} ${home.identity ?? ''}`, () => compile(home));
}

/** The kind of the objects of a collection; undefined as long as nobody knows it here. */
export function kindOfKey(api: Pick<Api, 'registry'>, key: ObjectKey): ConvergentKind | undefined {
  const known = api.registry.findStored(key);
  if (known !== undefined) return convergentKindOf(known);
  // Documents come also before the bindings do by which their kind comes into the logical cluster.
  const own = api.registry.isForeign(key) ? undefined : ownDefinition(key.group, key.resource);
  return own && convergentKindOf(own);
}

function compile(definition: Definition): ConvergentKind {
  const { group, names, storageVersion, strategy, origin } = definition;
  const version = definition.versions.find(({ name }) => name === storageVersion)!;
  const complete = (object: KubeObject): void => {
    if (origin === 'crd') readCustomResource(object, version);
  };
  return {
    definition,
    type: objectTypeOf({
      apply: applyTypeOf(definition, version),
      schema: version.schema,
      classes: fieldClassesOf({ group, resource: names.plural }),
    }),
    check(object) {
      const completed = deepCopy(object);
      complete(completed);
      // The time has no say, so that all regions come to the same.
      const now = object.metadata.creationTimestamp ?? '';
      return strategy.validateCreate(completed, { subresource: '', now }).length === 0;
    },
    hasConditions: canHaveConditions(version.schema),
    complete,
  };
}

const CONDITION_FIELDS = ['type', 'status', 'reason', 'message', 'lastTransitionTime'];

/**
 * Whether a condition of the server's own is one that the schema knows, in a status that asks for nothing else: a provider
 * may have any schema, and what is added to an object must not make it one that cannot be written any more.
 */
function canHaveConditions(schema: Schema): boolean {
  const status = propertySchemaOf(schema, 'status');
  const conditions = status && propertySchemaOf(status, 'conditions');
  const item = conditions?.items;
  if (status === undefined || item === undefined) return false;
  const isAskedFor = (status.required ?? []).every((name) => name === 'conditions');
  const isKnown = CONDITION_FIELDS.every((name) => propertySchemaOf(item, name)?.type === 'string');
  return isAskedFor && isKnown && (item.required ?? []).every((name) => CONDITION_FIELDS.includes(name));
}
