import fc from 'fast-check';
import { expect } from 'vitest';
import { parseJson } from '../json.ts';
import type { JsonValue } from '../json-value.ts';
import type { Schema } from '../schema/schema.ts';
import { type ApplyType, createApplyTypes } from './apply-type.ts';
import { describeConflicts } from './conflict.ts';
import { FieldSet } from './field-set.ts';
import { decodeFieldsV1, encodeFieldsV1Text } from './fields-v1.ts';
import type { ManagedSet, ManagerRules, Managers } from './managers.ts';
import { describePath } from './path-element.ts';
import { type TypedValue, typedValue } from './typed-value.ts';
import { type ApplyOutcome, applyPatch, updateManagers } from './updater.ts';

/** The linked schema of ObjectMeta, as far as these tests look. */
export const META: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    finalizers: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ownerReferences: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      items: {
        type: 'object',
        'x-kubernetes-map-type': 'atomic',
        properties: { uid: { type: 'string' }, name: { type: 'string' } },
      },
    },
  },
};

export const types = createApplyTypes({ objectMeta: META });

/** JSON as it comes from the wire. */
export function json(value: unknown): JsonValue {
  return parseJson(JSON.stringify(value)).value;
}

/** The type of an object with these fields. */
export function typeWith(properties: Readonly<Record<string, Schema>>): ApplyType {
  return types.builtIn({ type: 'object', properties });
}

export const TEXT: Schema = { type: 'string' };
export const NUMBER: Schema = { type: 'integer' };

export function setOf(items: Schema): Schema {
  return { type: 'array', 'x-kubernetes-list-type': 'set', items };
}

export function atomicListOf(items: Schema): Schema {
  return { type: 'array', 'x-kubernetes-list-type': 'atomic', items };
}

/** A list of objects with these fields, addressed by some of them. */
export function mapListOf(keys: readonly string[], properties: Readonly<Record<string, Schema>>): Schema {
  return {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
    items: { type: 'object', properties },
  };
}

export function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** A set from the FieldsV1 it is written as. */
export function fields(value: unknown): FieldSet {
  return decodeFieldsV1(json(value));
}

/** The paths of a set, sorted, as messages name them. */
export function pathsOf(set: FieldSet | undefined): string[] {
  return [...(set ?? FieldSet.empty)].map(describePath).sort();
}

/** An object on which managers work, one step after the other, all in one version of its API. */
export class Scene {
  object: JsonValue;
  managers: Managers = new Map<string, ManagedSet>();
  type: ApplyType;
  readonly rules: ManagerRules;

  constructor(
    type: ApplyType,
    options: { readonly object?: unknown; readonly rules?: Partial<ManagerRules> } = {},
  ) {
    this.type = type;
    this.object = json(options.object ?? {});
    this.rules = { convert: () => undefined, ...options.rules };
  }

  /** Applies, and expects no conflict. */
  apply(manager: string, config: unknown): this {
    const outcome = this.#tryApply(manager, config, false);
    expect(outcome.kind === 'conflict' ? describeConflicts(outcome.conflicts) : '').toBe('');
    return this;
  }

  force(manager: string, config: unknown): this {
    this.#tryApply(manager, config, true);
    return this;
  }

  /** The conflicts that applying would run into, as text. */
  conflicts(manager: string, config: unknown): string {
    const outcome = this.#outcome(manager, config, false);
    return outcome.kind === 'conflict' ? describeConflicts(outcome.conflicts) : '';
  }

  update(manager: string, next: unknown): this {
    const typed = this.#typed(json(next), true);
    const managers = updateManagers({
      live: this.#live(),
      next: typed,
      managers: this.managers,
      manager,
      rules: this.rules,
    });
    if (managers instanceof Promise) throw new Error('an update without conversions waited');
    this.managers = managers;
    this.object = typed.value;
    return this;
  }

  expectObject(object: unknown): this {
    expect(JSON.parse(JSON.stringify(this.object))).toEqual(object);
    return this;
  }

  /** What everybody owns, as FieldsV1 texts. */
  owned(): Record<string, string> {
    return Object.fromEntries([...this.managers].map(([name, { set }]) => [name, encodeFieldsV1Text(set)]));
  }

  pathsOf(manager: string): string[] {
    return pathsOf(this.managers.get(manager)?.set);
  }

  #tryApply(manager: string, config: unknown, force: boolean): ApplyOutcome {
    const outcome = this.#outcome(manager, config, force);
    if (outcome.kind === 'applied') {
      this.managers = outcome.managers;
      if (outcome.object !== undefined) this.object = outcome.object.value;
    }
    return outcome;
  }

  #outcome(manager: string, config: unknown, force: boolean): ApplyOutcome {
    const outcome = applyPatch({
      live: this.#live(),
      config: this.#typed(json(config), false),
      managers: this.managers,
      manager,
      force,
      rules: this.rules,
    });
    if (outcome instanceof Promise) throw new Error('an apply without conversions waited');
    return outcome;
  }

  #live(): TypedValue {
    return this.#typed(this.object, true);
  }

  #typed(value: JsonValue, allowDuplicates: boolean): TypedValue {
    return typedValue({ value, type: this.type, apiVersion: 'v1', allowDuplicates });
  }
}

/** A type with every kind of node, and values of it. */
export const SAMPLE = typeWith({
  text: TEXT,
  number: NUMBER,
  set: setOf(TEXT),
  atomic: atomicListOf(NUMBER),
  labels: mapOf(TEXT),
  list: mapListOf(['name'], { name: TEXT, value: NUMBER, tags: setOf(TEXT) }),
  nested: { type: 'object', properties: { inner: { type: 'object', properties: { a: TEXT, b: NUMBER } } } },
  whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: TEXT, b: TEXT } },
  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
});

const word = fc.constantFrom('a', 'b', 'c', 'd');
const number = fc.integer({ min: 0, max: 3 });
const words = fc.uniqueArray(word, { maxLength: 4 });

/** Values of {@link SAMPLE}: valid, without repeated items. */
export const sampleArbitrary: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    text: word,
    number,
    set: words,
    atomic: fc.array(number, { maxLength: 3 }),
    labels: fc.dictionary(word, word, { maxKeys: 3, noNullPrototype: true }),
    list: fc.uniqueArray(fc.record({ name: word, value: number, tags: words }, { requiredKeys: ['name'] }), {
      maxLength: 4,
      selector: ({ name }) => name,
    }),
    nested: fc.record(
      { inner: fc.record({ a: word, b: number }, { requiredKeys: [] }) },
      { requiredKeys: [] },
    ),
    whole: fc.record({ a: word, b: word }, { requiredKeys: [] }),
    free: fc.dictionary(word, fc.oneof(word, number, fc.array(number, { maxLength: 2 })), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Sets of paths with every kind of element. */
export const fieldSetArbitrary: fc.Arbitrary<FieldSet> = fc
  .letrec<{ readonly node: Record<string, unknown> }>((tie) => ({
    node: fc.dictionary(
      fc.constantFrom(
        'f:a',
        'f:b',
        'f:',
        'k:{"name":"a"}',
        'k:{"n":1,"p":"x"}',
        'v:"a"',
        'v:10',
        'v:9',
        'v:true',
        'i:3',
        '.',
      ),
      fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.constant({}), tie('node')),
      { maxKeys: 5, noNullPrototype: true },
    ) as fc.Arbitrary<Record<string, unknown>>,
  }))
  .node.map(fields);
