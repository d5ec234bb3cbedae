import { createHash } from 'node:crypto';
import type { Definition, DefinitionVersion, Strategy } from '../definitions/mod.ts';
import type { Schema } from '../machinery/mod.ts';

/** A version of a definition that tests make up. */
export function versionFixture(name: string, options: Partial<DefinitionVersion> = {}): DefinitionVersion {
  return {
    name,
    served: true,
    schema: SPEC_SCHEMA,
    subresources: [],
    printerColumns: [],
    selectableFields: [],
    ...options,
  };
}

/** A definition as a CRD gives it, with the data of `options` instead of the usual `foos` of example.com. */
export function customFixture(options: Partial<Definition> = {}): Definition {
  const data = {
    origin: 'crd',
    group: 'example.com',
    names: namesFixture('Foo'),
    scope: 'Namespaced',
    versions: [versionFixture('v1')],
    storageVersion: 'v1',
    verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
    ...options,
  } as const;
  const text = JSON.stringify(data, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
  return {
    ...data,
    hash: createHash('sha256').update(text).digest('hex'),
    strategy: {} as Strategy,
    selectable: () => ({}),
    fieldLabels: () => [],
    printer: () => ({ columns: [], cells: () => [] }),
  };
}

/** Names of a kind whose plural is made with an `s`. */
export function namesFixture(kind: string): Definition['names'] {
  const singular = kind.toLowerCase();
  return { plural: `${singular}s`, singular, kind, listKind: `${kind}List`, shortNames: [], categories: [] };
}

/** A schema with a few kinds of fields. */
export const SPEC_SCHEMA: Schema = {
  type: 'object',
  description: 'A Foo for tests.',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, description: 'How large it is.' },
        names: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      },
    },
  },
};
