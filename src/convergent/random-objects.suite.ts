import {
  createApplyTypes,
  encodeJson,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  newObject,
  objectOf,
  type Schema,
} from '../machinery/mod.ts';
import { type ObjectType, objectTypeOf } from './register-type.ts';

/** Numbers that follow from a seed: what a history does has to come again when it is run again. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % bound;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  shuffle<T>(values: readonly T[]): T[] {
    const out = [...values];
    for (let index = out.length - 1; index > 0; index--) {
      const other = this.below(index + 1);
      [out[index], out[other]] = [out[other]!, out[index]!];
    }
    return out;
  }
}

const NAMES = ['a', 'b', 'c', 'x/y', '~[|!#', '__proto__'];
const TEXTS = ['', 'one', 'two', 'ü', 'a/b', 'line\nbreak', '"'];
const KEYS = ['p', 'q', 'r', 's[0]'];

/** ObjectMeta as far as it merges otherwise than field by field. */
export const OBJECT_META: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    namespace: { type: 'string' },
    uid: { type: 'string' },
    creationTimestamp: { type: 'string', format: 'date-time' },
    deletionTimestamp: { type: 'string', format: 'date-time' },
    generation: { type: 'integer' },
    resourceVersion: { type: 'string' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
    finalizers: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    ownerReferences: {
      type: 'array',
      items: { type: 'object', properties: { uid: { type: 'string' } }, 'x-kubernetes-map-type': 'atomic' },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
    },
    managedFields: { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'atomic' },
  },
};

const applyTypes = createApplyTypes({ objectMeta: OBJECT_META });

/** The type of a kind with this schema. */
export function typeOfSchema(
  schema: Schema,
  options: { readonly homeOnly?: readonly string[][]; readonly whole?: readonly string[][] } = {},
): ObjectType {
  return objectTypeOf({
    apply: applyTypes.custom(schema),
    schema,
    classes: { homeOnly: options.homeOnly ?? [], whole: options.whole ?? [] },
  });
}

/** The schema of some kind. */
export function randomKind(dice: Dice): Schema {
  return {
    type: 'object',
    properties: { spec: objectSchema(dice, 0), ...(dice.chance(50) ? { status: nodeSchema(dice, 2) } : {}) },
  };
}

function nodeSchema(dice: Dice, depth: number): Schema {
  const kind = dice.below(depth >= 3 ? 4 : 12);
  switch (kind) {
    case 0:
      return { type: 'integer' };
    case 1:
      return { type: 'boolean' };
    case 2:
      return { type: 'array', items: { type: 'string' } };
    case 3:
      return { type: 'string' };
    case 4:
      return { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' };
    case 5:
    case 6:
      return listSchema(dice, depth);
    case 7:
      return { type: 'object', additionalProperties: nodeSchema(dice, depth + 1) };
    case 8:
      return { 'x-kubernetes-preserve-unknown-fields': true };
    case 9:
      return { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
    default:
      return objectSchema(dice, depth);
  }
}

function objectSchema(dice: Dice, depth: number): Schema {
  const properties: Record<string, Schema> = {};
  for (const name of dice.shuffle(NAMES).slice(0, 2 + dice.below(3))) {
    // A literal's own `__proto__` would be lost.
    Object.defineProperty(properties, name, { value: nodeSchema(dice, depth + 1), enumerable: true });
  }
  const names = Object.keys(properties);
  return {
    type: 'object',
    properties,
    ...(dice.chance(15) ? { 'x-kubernetes-map-type': 'atomic' as const } : {}),
    ...(dice.chance(25) ? { oneOf: names.slice(0, 2).map((name) => ({ required: [name] })) } : {}),
  };
}

function listSchema(dice: Dice, depth: number): Schema {
  const keys = dice.chance(50) ? ['name'] : ['name', 'group'];
  const items = objectSchema(dice, depth + 1);
  const properties = objectOf({}) as unknown as Record<string, Schema>;
  Object.assign(properties, items.properties);
  for (const key of keys) properties[key] = { type: 'string', ...(key === 'group' ? { default: 'p' } : {}) };
  return {
    type: 'array',
    items: { ...items, properties },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
  };
}

/** A new object of a kind. */
export function randomObject(dice: Dice, kind: Schema, uid: string): KubeObject {
  const object = newObject();
  object['apiVersion'] = 'example.io/v1';
  object['kind'] = 'Thing';
  object['metadata'] = objectOf({
    name: 'thing',
    uid,
    creationTimestamp: '2026-01-01T00:00:00Z',
    generation: 1,
  });
  for (const [name, schema] of Object.entries(kind.properties ?? {})) {
    if (dice.chance(90)) object[name] = randomValue(dice, schema);
  }
  return object as KubeObject;
}

/** Another object: as somebody may edit it, in one place or in several. */
export function randomEdit(dice: Dice, object: KubeObject, kind: Schema): KubeObject {
  let edited = object;
  for (let changes = 1 + dice.below(3); changes > 0; changes--) {
    if (dice.chance(20)) {
      edited = { ...edited, metadata: editedMetadata(dice, edited.metadata) };
      continue;
    }
    const name = dice.pick(Object.keys(kind.properties ?? {}));
    const value = changed(dice, edited[name], kind.properties![name]!);
    edited = copyOf(edited, name, value) as KubeObject;
  }
  const isSpecEdited = encodeJson(edited['spec'] ?? null) !== encodeJson(object['spec'] ?? null);
  const generation = (object.metadata.generation ?? 0) + (isSpecEdited ? 1 : 0);
  return { ...edited, metadata: { ...edited.metadata, generation } };
}

function editedMetadata(dice: Dice, metadata: KubeObject['metadata']): KubeObject['metadata'] {
  const labels = changed(dice, metadata.labels, OBJECT_META.properties!['labels']!);
  const owners = changed(dice, metadata.finalizers, OBJECT_META.properties!['finalizers']!);
  return copyOf(copyOf(metadata, 'labels', labels), 'finalizers', owners) as KubeObject['metadata'];
}

/** Some value that a schema allows, but for what it says of texts and numbers. */
export function randomValue(dice: Dice, schema: Schema): JsonValue {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return randomJson(dice, 0);
  if (schema['x-kubernetes-int-or-string'] === true)
    return dice.chance(50) ? dice.below(3) : dice.pick(TEXTS);
  switch (schema.type) {
    case 'integer':
      return dice.chance(5) ? 2n ** 60n : dice.below(4);
    case 'boolean':
      return dice.chance(50);
    case 'string':
      return dice.pick(TEXTS);
    case 'array':
      return randomList(dice, schema);
    default:
      return randomMap(dice, schema);
  }
}

function randomMap(dice: Dice, schema: Schema): JsonObject {
  const object = newObject();
  for (const name of namesOf(dice, schema)) {
    if (dice.chance(70)) object[name] = randomValue(dice, memberSchema(schema, name));
  }
  return withOneChoice(dice, object, schema);
}

function namesOf(dice: Dice, schema: Schema): readonly string[] {
  return schema.properties === undefined ? dice.shuffle(NAMES).slice(0, 2) : Object.keys(schema.properties);
}

function memberSchema(schema: Schema, name: string): Schema {
  if (schema.properties !== undefined) return schema.properties[name]!;
  const others = schema.additionalProperties;
  return typeof others === 'object' ? others : { type: 'string' };
}

/** Exactly one of the fields that exclude each other. */
function withOneChoice(dice: Dice, object: JsonObject, schema: Schema): JsonObject {
  const names = (schema.oneOf ?? [])
    .flatMap(({ required }) => required ?? [])
    .filter((name) => schema.properties?.[name] !== undefined);
  if (names.length === 0) return object;
  const chosen = dice.pick(names);
  const out = newObject();
  for (const name of Object.keys(object)) if (!names.includes(name)) out[name] = object[name];
  out[chosen] = object[chosen] ?? randomValue(dice, memberSchema(schema, chosen));
  return out;
}

function randomList(dice: Dice, schema: Schema): JsonValue[] {
  const count = dice.below(4);
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return dice.shuffle(TEXTS).slice(0, count);
    case 'map':
      return unique(
        Array.from({ length: count }, () => randomItem(dice, schema)),
        schema,
      );
    default:
      return Array.from({ length: count }, () => randomValue(dice, schema.items!));
  }
}

function randomItem(dice: Dice, schema: Schema): JsonObject {
  const item = randomMap(dice, schema.items!);
  for (const key of schema['x-kubernetes-list-map-keys']!) {
    // A key with a default may be left out, and is the same key then.
    if (key === 'group' && dice.chance(20)) delete item[key];
    else item[key] = dice.pick(KEYS);
  }
  return item;
}

function unique(items: JsonObject[], schema: Schema): JsonValue[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = encodeJson(schema['x-kubernetes-list-map-keys']!.map((name) => item[name] ?? 'p'));
    return !seen.has(key) && seen.add(key);
  });
}

function randomJson(dice: Dice, depth: number): JsonValue {
  switch (dice.below(depth > 2 ? 4 : 6)) {
    case 0:
      return null;
    case 1:
      return dice.below(3);
    case 2:
      return dice.pick(TEXTS);
    case 3:
      return [];
    case 4:
      return Array.from({ length: dice.below(3) }, () => randomJson(dice, depth + 1));
    default: {
      const object = newObject();
      for (let count = dice.below(3); count > 0; count--)
        object[dice.pick(NAMES)] = randomJson(dice, depth + 1);
      return object;
    }
  }
}

function changed(dice: Dice, value: JsonValue | undefined, schema: Schema): JsonValue | undefined {
  if (value === undefined || dice.chance(10)) return dice.chance(15) ? undefined : randomValue(dice, schema);
  if (Array.isArray(value)) return changedList(dice, value, schema);
  if (typeof value === 'object' && value !== null && schema.type === 'object') {
    const names = namesOf(dice, schema);
    const name = dice.pick(names);
    const member = changed(dice, value[name], memberSchema(schema, name));
    return withOneChoice(dice, copyOf(value, name, member), schema);
  }
  return randomValue(dice, schema);
}

function changedList(dice: Dice, list: JsonValue[], schema: Schema): JsonValue[] {
  if (schema['x-kubernetes-list-type'] === undefined) return randomValue(dice, schema) as JsonValue[];
  const others = list.filter(() => dice.chance(80));
  switch (dice.below(4)) {
    case 0:
      return others;
    case 1:
      return dice.shuffle(list);
    case 2: {
      const more = randomList(dice, schema);
      if (schema['x-kubernetes-list-type'] === 'set') return [...new Set([...list, ...more])];
      return unique([...list, ...more] as JsonObject[], schema);
    }
    default: {
      if (list.length === 0 || schema['x-kubernetes-list-type'] === 'set') return others;
      const index = dice.below(list.length);
      const item = list[index] as JsonObject;
      const edited = changed(dice, item, schema.items!) as JsonObject | undefined;
      if (edited === undefined) return others;
      for (const key of schema['x-kubernetes-list-map-keys']!) {
        if (item[key] === undefined) delete edited[key];
        else edited[key] = item[key];
      }
      return list.map((old, place) => (place === index ? edited : old));
    }
  }
}

function copyOf(object: JsonObject, name: string, value: JsonValue | undefined): JsonObject {
  const copy = newObject();
  for (const key of Object.keys(object)) copy[key] = object[key];
  if (value === undefined) delete copy[name];
  else copy[name] = value;
  return copy;
}
