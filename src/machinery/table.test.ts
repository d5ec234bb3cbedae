import { describe, expect, test } from 'vitest';
import { objectOf } from './json-value.ts';
import { StatusError } from './status-error.ts';
import { parseIncludeObject, tableOf, tableRow } from './table.ts';

const columns = [{ name: 'Name', type: 'string', format: 'name', description: 'its name', priority: 0 }];

describe('tableOf', () => {
  test('sends all five members of a column and takes over only list metadata', () => {
    const metadata = objectOf({ resourceVersion: '7', continue: 'x', remainingItemCount: 3, name: 'a' });
    const table = tableOf({
      columns,
      rows: [tableRow(['a', 1, null], objectOf({ kind: 'PartialObjectMetadata' }))],
      metadata,
      apiVersion: 'meta.k8s.io/v1',
    });
    expect(JSON.parse(JSON.stringify(table))).toEqual({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: '7', continue: 'x', remainingItemCount: 3 },
      columnDefinitions: [
        { name: 'Name', type: 'string', format: 'name', description: 'its name', priority: 0 },
      ],
      rows: [{ cells: ['a', 1, null], object: { kind: 'PartialObjectMetadata' } }],
    });
  });

  test('has null for the columns that a later watch event leaves out, and an empty list for no rows', () => {
    const table = tableOf({
      columns,
      rows: [],
      metadata: objectOf({ resourceVersion: '7' }),
      apiVersion: 'meta.k8s.io/v1beta1',
      omitColumns: true,
    });
    expect(table['apiVersion']).toBe('meta.k8s.io/v1beta1');
    expect(table['columnDefinitions']).toBeNull();
    expect(table['rows']).toEqual([]);
  });

  test('a row without object says so with null', () => {
    expect(JSON.stringify(tableRow(['a'], null))).toBe('{"cells":["a"],"object":null}');
  });
});

describe('parseIncludeObject', () => {
  test('is Metadata unless asked otherwise', () => {
    expect(parseIncludeObject(undefined)).toBe('Metadata');
    expect(parseIncludeObject('')).toBe('Metadata');
  });

  test.each(['None', 'Metadata', 'Object'])('knows %s', (text) => {
    expect(parseIncludeObject(text)).toBe(text);
  });

  test('refuses anything else as a bad request', () => {
    let thrown: unknown;
    try {
      parseIncludeObject('object');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(StatusError);
    expect(thrown).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message:
        'Unable to convert to Table as requested: includeObject: Invalid value: "object": ' +
        "must be 'Metadata', 'Object', 'None', or empty",
    });
  });
});
