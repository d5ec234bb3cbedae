import { describe, expect, it } from 'vitest';
import { isObject, type JsonObject, newObject } from '../json-value.ts';
import { fields, json, mapListOf, NUMBER, pathsOf, TEXT, typeWith } from './apply.suite.ts';
import type { ApplyType } from './apply-type.ts';
import { describeConflicts } from './conflict.ts';
import { ApplyError, type ManagedSet, type Managers, type VersionConverter } from './managers.ts';
import { type TypedValue, typedValue } from './typed-value.ts';
import { applyPatch, updateManagers } from './updater.ts';

/** Version v2 calls every field `x` of v1 `xTwo`. */
const ITEMS = mapListOf(['name'], { name: TEXT, v: NUMBER });
const TYPES: Readonly<Record<string, ApplyType>> = {
  v1: typeWith({ a: TEXT, b: TEXT, list: ITEMS }),
  v2: typeWith({ aTwo: TEXT, bTwo: TEXT, listTwo: ITEMS }),
};

function rename(value: JsonObject, apiVersion: string): JsonObject {
  const renamed = newObject();
  for (const key of Object.keys(value)) {
    const base = key.replace(/Two$/, '');
    renamed[apiVersion === 'v2' ? `${base}Two` : base] = value[key];
  }
  return renamed;
}

const convert: VersionConverter = ({ value }, apiVersion) => {
  const type = TYPES[apiVersion];
  if (type === undefined) return undefined;
  if (!isObject(value)) return { value, type, apiVersion };
  return typedValue({ value: rename(value, apiVersion), type, apiVersion });
};

const convertLater: VersionConverter = async (value, apiVersion) => {
  await Promise.resolve();
  return convert(value, apiVersion);
};

function typed(apiVersion: string, value: unknown): TypedValue {
  return typedValue({ value: json(value), type: TYPES[apiVersion]!, apiVersion, allowDuplicates: true });
}

function owner(apiVersion: string, set: unknown, isApplied = true): ManagedSet {
  return { set: fields(set), apiVersion, isApplied };
}

function owned(managers: Managers): Record<string, readonly string[]> {
  return Object.fromEntries([...managers].map(([name, { set }]) => [name, pathsOf(set)]));
}

describe.each([
  ['at once', convert],
  ['after waiting', convertLater],
])('with versions that convert %s', (_, converter) => {
  const rules = { convert: converter };
  const apply = async (options: {
    readonly live: TypedValue;
    readonly config: TypedValue;
    readonly managers?: Managers;
    readonly force?: boolean;
  }) => applyPatch({ managers: new Map(), manager: 'm', force: false, rules, ...options });

  it('a field that another manager owns in another version conflicts under its name there', async () => {
    const outcome = await apply({
      live: typed('v1', { a: 'x' }),
      config: typed('v1', { a: 'y' }),
      managers: new Map([['other', owner('v2', { 'f:aTwo': {} })]]),
    });
    expect(outcome.kind === 'conflict' && describeConflicts(outcome.conflicts)).toBe(
      'conflict with "other": .aTwo',
    );
  });

  it('who applied in one version may go on in another, and drops what it dropped', async () => {
    const outcome = await apply({
      live: typed('v2', { aTwo: 'x', bTwo: 'y' }),
      config: typed('v2', { bTwo: 'y' }),
      managers: new Map([['m', owner('v1', { 'f:a': {}, 'f:b': {} })]]),
    });
    expect(outcome).toMatchObject({ kind: 'applied', object: { apiVersion: 'v2', value: { bTwo: 'y' } } });
    expect(outcome.kind === 'applied' && owned(outcome.managers)).toEqual({ m: ['.bTwo'] });
    expect(outcome.kind === 'applied' && outcome.managers.get('m')?.apiVersion).toBe('v2');
  });

  it('what somebody owns in another version is not dropped', async () => {
    const outcome = await apply({
      live: typed('v1', { a: 'x', list: [{ name: 'i', v: 1 }] }),
      config: typed('v1', {}),
      managers: new Map([
        [
          'm',
          owner('v1', { 'f:a': {}, 'f:list': { 'k:{"name":"i"}': { '.': {}, 'f:name': {}, 'f:v': {} } } }),
        ],
        ['other', owner('v2', { 'f:listTwo': { 'k:{"name":"i"}': { '.': {}, 'f:name': {} } } })],
      ]),
    });
    expect(outcome).toMatchObject({ kind: 'applied', object: { value: { list: [{ name: 'i' }] } } });
    expect(outcome.kind === 'applied' && owned(outcome.managers)).toEqual({
      other: ['.listTwo[name="i"]', '.listTwo[name="i"].name'],
    });
  });

  it('entries of versions that are gone are dropped', async () => {
    const managers = new Map([
      ['old', owner('v0', { 'f:a': {} })],
      ['m', owner('v0', { 'f:b': {} })],
    ]);
    const outcome = await apply({
      live: typed('v1', { a: 'x', b: 'y' }),
      config: typed('v1', { a: 'z' }),
      managers,
    });
    // What was applied in that version cannot be told any more, and stays.
    expect(outcome).toMatchObject({ kind: 'applied', object: { value: { a: 'z', b: 'y' } } });
    expect(outcome.kind === 'applied' && owned(outcome.managers)).toEqual({ m: ['.a'] });
    const updated = await updateManagers({
      live: typed('v1', { a: 'x' }),
      next: typed('v1', { a: 'x' }),
      managers,
      manager: 'u',
      rules,
    });
    expect(owned(updated)).toEqual({});
  });

  it('an update takes fields away under their names in other versions', async () => {
    const managers = await updateManagers({
      live: typed('v1', { a: 'x', b: 'y' }),
      next: typed('v1', { a: 'z' }),
      managers: new Map([
        ['one', owner('v2', { 'f:aTwo': {}, 'f:bTwo': {} })],
        ['two', owner('v1', { 'f:b': {} })],
      ]),
      manager: 'u',
      rules,
    });
    expect(owned(managers)).toEqual({ u: ['.a'] });
  });

  it('asks once for each object in each version', async () => {
    const asked: string[] = [];
    const counting: VersionConverter = (value, apiVersion) => {
      asked.push(apiVersion);
      return converter(value, apiVersion);
    };
    await updateManagers({
      live: typed('v1', { a: 'x', b: 'y' }),
      next: typed('v1', { a: 'z', b: 'y' }),
      managers: new Map([
        ['one', owner('v2', { 'f:bTwo': {} })],
        ['two', owner('v2', { 'f:bTwo': {} })],
        ['three', owner('v1', { 'f:b': {} })],
      ]),
      manager: 'u',
      rules: { convert: counting },
    });
    expect(asked).toEqual(['v2', 'v2']);
  });
});

describe('conversions', () => {
  const managers = new Map([['other', owner('v2', { 'f:aTwo': {} })]]);

  it('that are not needed make no promise', () => {
    const options = { live: typed('v1', {}), managers: new Map(), manager: 'm' };
    expect(
      updateManagers({ ...options, next: typed('v1', { a: 'x' }), rules: { convert: convertLater } }),
    ).toBeInstanceOf(Map);
  });

  it('that wait make one', () => {
    const options = { live: typed('v1', {}), managers, manager: 'm' };
    expect(
      updateManagers({ ...options, next: typed('v1', { a: 'x' }), rules: { convert: convertLater } }),
    ).toBeInstanceOf(Promise);
  });

  it('that fail on the new object say so', async () => {
    const failing =
      (later: boolean): VersionConverter =>
      (value, apiVersion) => {
        if (isObject(value.value) && value.value['a'] === 'bad') {
          if (later) return Promise.reject(new Error('no such luck'));
          throw new Error('no such luck');
        }
        return convert(value, apiVersion);
      };
    const run = async (later: boolean) =>
      updateManagers({
        live: typed('v1', {}),
        next: typed('v1', { a: 'bad' }),
        managers,
        manager: 'm',
        rules: { convert: failing(later) },
      });
    for (const later of [false, true]) {
      const error = await run(later).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ApplyError);
      expect(error).toMatchObject({
        message: 'failed to convert new object: no such luck',
        cause: { message: 'no such luck' },
      });
    }
  });

  it('that make an invalid value while pruning say where', async () => {
    const broken: VersionConverter = (_, apiVersion) =>
      typedValue({ value: json({ aTwo: 1 }), type: TYPES['v2']!, apiVersion });
    const run = async () =>
      applyPatch({
        live: typed('v1', { a: 'x' }),
        config: typed('v1', {}),
        managers: new Map([['m', owner('v2', { 'f:aTwo': {} })]]),
        manager: 'm',
        force: false,
        rules: { convert: broken },
      });
    await expect(run()).rejects.toThrow('.aTwo: expected string, got &value.valueUnstructured{Value:1}');
  });
});
