import {
  type ApplyType,
  additionalSchemaOf,
  encodeJson,
  type ListType,
  type MapType,
  propertySchemaOf,
  type Schema,
} from '../machinery/mod.ts';
import { DELETION_FIELDS, type FieldClasses, GIVEN_METADATA } from './field-classes.ts';
import { unionsOf } from './unions.ts';

/**
 * How a node of an object is cut into registers: what server-side apply makes of the schema, and which fields are one
 * choice. Resolved along the data, as apply types are; belongs beside the compiled definition, and goes with it.
 */
export interface RegisterType {
  /** The granular map, if a value that is a map is one; otherwise a map is one register. */
  readonly map: GranularMap | undefined;
  /** The associative list, if a value that is a list is one; otherwise a list is one register. */
  readonly list: AssociativeList | undefined;
}

export interface GranularMap {
  /** Fields of which only one may be there: one register each group. */
  readonly unions: readonly (readonly string[])[];
  /** Fields that are no registers, because the object's identity or the system says what is in them. */
  readonly given: ReadonlySet<string>;
  /** The type of a field; what no schema knows is one register. */
  field(name: string): RegisterType;
}

export interface AssociativeList {
  /** Addresses the items. Without keys it is a set. */
  readonly list: ListType;
  readonly items: RegisterType;
}

/** How the objects of a kind are cut, in one version. */
export interface ObjectType {
  readonly root: RegisterType;
  readonly classes: FieldClasses;
}

/**
 * The type of a kind's objects.
 *
 * @param apply how server-side apply sees the kind, in the version that is stored
 * @param schema the schema of the same version
 */
export function objectTypeOf({
  apply,
  schema,
  classes,
}: {
  readonly apply: ApplyType;
  readonly schema: Schema | undefined;
  readonly classes: FieldClasses;
}): ObjectType {
  return { root: rootType({ apply, schema }, classes.whole), classes };
}

/** One value as a whole. */
export const WHOLE: RegisterType = { map: undefined, list: undefined };

interface Node {
  readonly apply: ApplyType;
  readonly schema: Schema | undefined;
}

const NONE: ReadonlySet<string> = new Set();
const GIVEN_AT_ROOT: ReadonlySet<string> = new Set(['kind']);

function rootType(node: Node, whole: readonly (readonly string[])[]): RegisterType {
  const root = typeBelow(node, whole);
  const map = root.map ?? DEDUCED_MAP;
  const metadata = metadataType(map.field('metadata'));
  return {
    map: {
      unions: map.unions,
      given: GIVEN_AT_ROOT,
      field: (name) => (name === 'metadata' ? metadata : map.field(name)),
    },
    list: undefined,
  };
}

/** Of kinds without schema: fields of the root are registers, as nothing is known of what is in them. */
const DEDUCED_MAP: GranularMap = { unions: [], given: NONE, field: () => WHOLE };

/** As the schema says, but with one register for each manager's fields, and the deletion as such. */
function metadataType(metadata: RegisterType): RegisterType {
  const map = metadata.map ?? DEDUCED_MAP;
  return {
    map: {
      unions: [],
      given: GIVEN_METADATA,
      field: (name) =>
        name === 'managedFields' ? MANAGED_FIELDS : DELETION_FIELDS.includes(name) ? WHOLE : map.field(name),
    },
    list: undefined,
  };
}

const MANAGED_FIELDS: RegisterType = {
  map: undefined,
  list: {
    // The identity of a manager, as `managed-fields` has it; the time and the fields are its value.
    list: keyedList(['apiVersion', 'manager', 'operation', 'subresource']),
    items: WHOLE,
  },
};

function keyedList(keys: readonly string[]): ListType {
  return {
    isAtomic: false,
    keys,
    keyFields: keys.map((name) => ({ name, prefix: `${encodeJson(name)}:` })),
    items: { scalar: 'untyped', list: undefined, map: undefined },
    keyDefault: () => undefined,
  };
}

/** @param whole the paths below this node that are one register each */
function typeBelow({ apply, schema }: Node, whole: readonly (readonly string[])[]): RegisterType {
  if (whole.some((path) => path.length === 0)) return WHOLE;
  const map = apply.map;
  const list = apply.list;
  return {
    map: map === undefined || map.isAtomic ? undefined : mapBelow(map, schema, whole),
    list: list === undefined || list.isAtomic ? undefined : listBelow(list, schema),
  };
}

function mapBelow(
  map: MapType,
  schema: Schema | undefined,
  whole: readonly (readonly string[])[],
): GranularMap {
  const declared = new Map<string, RegisterType>();
  let unions: readonly (readonly string[])[] | undefined;
  let others: RegisterType | undefined;
  return {
    given: NONE,
    get unions() {
      unions ??= unionsOf(schema);
      return unions;
    },
    field(name) {
      const known = declared.get(name);
      if (known !== undefined) return known;
      const apply = map.field(name);
      if (apply === undefined) {
        // One type for all names that users choose: nothing is kept for each.
        others ??= othersType(map, schema);
        return others;
      }
      const below = whole.filter(([first]) => first === name).map((path) => path.slice(1));
      const property = schema === undefined ? undefined : propertySchemaOf(schema, name);
      const type = typeBelow({ apply, schema: property }, below);
      declared.set(name, type);
      return type;
    },
  };
}

function othersType(map: MapType, schema: Schema | undefined): RegisterType {
  if (map.others === undefined) return WHOLE;
  return typeBelow(
    { apply: map.others, schema: schema === undefined ? undefined : additionalSchemaOf(schema) },
    [],
  );
}

function listBelow(list: ListType, schema: Schema | undefined): AssociativeList {
  let items: RegisterType | undefined;
  return {
    list,
    get items() {
      items ??= typeBelow({ apply: list.items, schema: schema?.items }, []);
      return items;
    },
  };
}
