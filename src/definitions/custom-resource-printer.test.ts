import { describe, expect, test } from 'vitest';
import { type JsonObject, type JsonValue, type KubeObject, objectOf } from '../machinery/mod.ts';
import { customResourcePrinter } from './custom-resource-printer.ts';
import type { Cell, PrinterColumn } from './definition.ts';

const NOW_MS = Date.parse('2024-01-02T00:00:00Z');

function widget(spec: JsonValue): KubeObject {
  return objectOf({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: objectOf({ name: 'a', creationTimestamp: '2024-01-01T00:00:00Z' }),
    spec,
  }) as KubeObject;
}

function cell(type: string, value: JsonValue, path = '.spec'): Cell {
  const printer = customResourcePrinter([{ name: 'X', type, jsonPath: path }]);
  return printer.cells(widget(value), NOW_MS)[1]!;
}

describe('customResourcePrinter', () => {
  test('shows name and age when no column is declared', () => {
    const printer = customResourcePrinter([]);
    expect(printer.columns).toMatchObject([
      { name: 'Name', type: 'string', format: 'name', priority: 0 },
      { name: 'Age', type: 'date', format: '', priority: 0 },
    ]);
    expect(printer.cells(widget(null), NOW_MS)).toEqual(['a', '24h']);
  });

  test('shows the declared columns after the name, and no age of its own accord', () => {
    const columns: PrinterColumn[] = [
      {
        name: 'Size',
        type: 'integer',
        format: 'int64',
        priority: 1,
        description: 'How big.',
        jsonPath: '.spec.size',
      },
      { name: 'Mode', type: 'string', jsonPath: '.spec.mode' },
    ];
    const printer = customResourcePrinter(columns);
    expect(printer.columns.slice(1)).toEqual([
      { name: 'Size', type: 'integer', format: 'int64', priority: 1, description: 'How big.' },
      {
        name: 'Mode',
        type: 'string',
        format: '',
        priority: 0,
        description: 'Custom resource definition column (in JSONPath format): .spec.mode',
      },
    ]);
    expect(printer.cells(widget(objectOf({ size: 7 })), NOW_MS)).toEqual(['a', 7, null]);
  });

  test('ends the table before a column whose path does not parse', () => {
    const printer = customResourcePrinter([
      { name: 'A', type: 'string', jsonPath: '.spec.a' },
      { name: 'B', type: 'string', jsonPath: '.spec[' },
      { name: 'C', type: 'string', jsonPath: '.spec.c' },
    ]);
    expect(printer.columns.map(({ name }) => name)).toEqual(['Name', 'A']);
    expect(printer.cells(widget(null), NOW_MS)).toHaveLength(2);
  });

  test('shows only the first value of a path that selects several', () => {
    expect(cell('string', ['x', 'y'], '.spec[*]')).toBe('x');
    expect(cell('string', [], '.spec[*]')).toBeNull();
    expect(cell('string', 'x', '.spec[0]')).toBeNull();
  });

  test('finds the status of a condition', () => {
    const conditions: JsonObject[] = [
      objectOf({ type: 'Synced', status: 'False' }),
      objectOf({ type: 'Ready', status: 'True' }),
    ];
    expect(cell('string', conditions, '.spec[?(@.type=="Ready")].status')).toBe('True');
    expect(cell('string', conditions, '.spec[?(@.type=="Gone")].status')).toBeNull();
  });

  test.each<[JsonValue, Cell]>([
    ['text', 'text'],
    ['', ''],
    [3, '3'],
    [1.5, '1.5'],
    [0, '0'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.25e-7, '1.25e-07'],
    [1e20, '100000000000000000000'],
    [1e21, '1e+21'],
    [-1.5e300, '-1.5e+300'],
    [9_223_372_036_854_775_807n, '9223372036854775807'],
    [true, 'true'],
    [null, '<no value>'],
    [['a', 1, null], '["a",1,null]'],
    [objectOf({ b: '<&>', a: 1 }), '{"a":1,"b":"\\u003c\\u0026\\u003e"}'],
  ])('a string column shows %o as %s', (value, expected) => {
    expect(cell('string', value)).toBe(expected);
  });

  test.each<[string, JsonValue, Cell]>([
    ['integer', 3, 3],
    ['integer', 3.9, 3],
    ['integer', -3.9, -3],
    ['integer', -0.5, 0],
    ['integer', 9_223_372_036_854_775_807n, 9_223_372_036_854_775_807n],
    ['integer', 1e300, null],
    ['integer', '3', null],
    ['integer', true, null],
    ['integer', null, null],
    ['number', 3, 3],
    ['number', 1.5, 1.5],
    ['number', 9_223_372_036_854_775_807n, 2 ** 63],
    ['number', '1.5', null],
    ['boolean', false, false],
    ['boolean', 'false', null],
    ['date', '2024-01-01T23:59:00Z', '60s'],
    ['date', 'soon', '<invalid>'],
    ['date', '', '<unknown>'],
    ['date', 'null', '<unknown>'],
    ['date', 0, null],
    ['strange', 'x', null],
  ])('a column of type %s shows %o as %o', (type, value, expected) => {
    expect(cell(type, value)).toBe(expected);
  });
});
