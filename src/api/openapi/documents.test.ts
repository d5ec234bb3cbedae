import { describe, expect, test } from 'vitest';
import { builtinDefinitions, type Definition, definitionSet } from '../../definitions/mod.ts';
import type { Schema } from '../../machinery/mod.ts';
import { customFixture, namesFixture, versionFixture } from '../discovery-fixtures.suite.ts';
import { openApiV2, openApiV3Document, openApiV3Index } from './mod.ts';

interface Node {
  readonly [key: string]: Node;
}

const custom = customFixture({
  versions: [
    versionFixture('v1', {
      selectableFields: ['.spec.size'],
      subresources: [
        { name: 'status', verbs: ['get', 'patch', 'update'] },
        {
          name: 'scale',
          verbs: ['get', 'patch', 'update'],
          kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
        },
      ],
    }),
    versionFixture('v2'),
  ],
});
const set = definitionSet([...builtinDefinitions, custom]);

describe('the OpenAPI v3 index', () => {
  test('names every group and version, and addresses each document by its content', () => {
    const { text, etag } = openApiV3Index(set);
    expect(etag).toMatch(/^"[0-9A-F]{128}"$/);
    const paths = parse(text)['paths']!;
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['api/v1', 'apis/example.com/v1', 'apis/example.com/v2', 'version']),
    );
    for (const path of Object.keys(paths)) {
      const document = openApiV3Document(set, path);
      expect(paths[path]).toEqual({ serverRelativeURL: `/openapi/v3/${path}?hash=${document?.hash}` });
    }
  });

  test('changes the address of a document only when its own kinds change', () => {
    const changed = definitionSet([...builtinDefinitions, customFixture({ names: namesFixture('Bar') })]);
    const before = parse(openApiV3Index(set).text)['paths']!;
    const after = parse(openApiV3Index(changed).text)['paths']!;
    expect(after['api/v1']).toEqual(before['api/v1']);
    expect(after['apis/example.com/v1']).not.toEqual(before['apis/example.com/v1']);
    expect(after['apis/example.com/v2']).toBeUndefined();
  });

  test('does not depend on the order of the definitions', () => {
    const reversed = definitionSet([custom, ...builtinDefinitions].reverse());
    expect(openApiV3Index(reversed)).toEqual(openApiV3Index(set));
  });

  test('has no document for what nothing serves', () => {
    for (const path of ['apis/example.com/v3', 'apis/nobody.example.com/v1', '', 'api', '__proto__']) {
      const document = openApiV3Document(set, path);
      expect(document === undefined).toBe(path !== 'api');
    }
  });
});

describe('OpenAPI v3 documents', () => {
  const paths = Object.keys(parse(openApiV3Index(set).text)['paths']!);

  test.each(paths)('%s refers to nothing outside of itself', (path) => {
    const document = v3(path);
    const schemas = document['components']!['schemas']!;
    const references = [...referencesIn(document)];
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) {
      const name = reference.replace('#/components/schemas/', '');
      expect(Object.hasOwn(schemas, name), `${reference} in ${path}`).toBe(true);
    }
  });

  test.each(paths)('%s puts nothing beside a reference', (path) => {
    for (const node of nodesIn(v3(path))) {
      if (typeof node['$ref'] === 'string') expect(Object.keys(node)).toEqual(['$ref']);
    }
  });

  test('have operationIds that are unique in the whole server', () => {
    const ids = paths.flatMap((path) =>
      operationsOf(v3(path)).map(({ operation }) => operation['operationId']),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining([
        'listCoreV1NamespacedConfigMap',
        'listCoreV1ConfigMapForAllNamespaces',
        'deleteCoreV1CollectionNamespacedConfigMap',
        'readCoreV1Namespace',
        'replaceCoreV1NamespaceFinalize',
        'patchExampleComV1NamespacedFooStatus',
        'readExampleComV1NamespacedFooScale',
      ]),
    );
  });

  test('let kubectl find the kind of every resource and its component', () => {
    for (const definition of [...builtinDefinitions, custom]) {
      for (const version of definition.versions) {
        const document = v3(pathOf(definition, version.name));
        const kind = { group: definition.group, version: version.name, kind: definition.names.kind };
        const found = Object.values(document['components']!['schemas']!).filter((schema) =>
          kindsOf(schema).some((candidate) => JSON.stringify(candidate) === sortedJson(kind)),
        );
        expect(found, JSON.stringify(kind)).toHaveLength(1);
        const operations = operationsOf(document).filter(
          ({ operation }) =>
            sortedJson(operation['x-kubernetes-group-version-kind'] ?? {}) === sortedJson(kind),
        );
        expect(operations.length, JSON.stringify(kind)).toBeGreaterThan(0);
      }
    }
  });

  test('declare fieldValidation and the other parameters of a patch on the operation itself', () => {
    const patches = paths
      .flatMap((path) => operationsOf(v3(path)))
      .filter(({ operation }) => (operation['x-kubernetes-action'] as unknown) === 'patch');
    expect(patches.length).toBeGreaterThan(10);
    for (const { operation } of patches) {
      const names = parametersOf(operation).map((parameter) => parameter['name']);
      expect(names).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force', 'pretty']);
      expect(parametersOf(operation).every((parameter) => (parameter['in'] as unknown) === 'query')).toBe(
        true,
      );
    }
  });

  test('offer strategic merge patches for built-in kinds and not for custom resources', () => {
    const mediaTypes = (document: Node, path: string) =>
      Object.keys(document['paths']![path]!['patch']!['requestBody']!['content']!);
    const common = [
      'application/apply-patch+yaml',
      'application/json-patch+json',
      'application/merge-patch+json',
    ];
    expect(mediaTypes(v3('api/v1'), '/api/v1/namespaces/{namespace}/configmaps/{name}')).toEqual([
      ...common,
      'application/strategic-merge-patch+json',
    ]);
    const path = '/apis/example.com/v1/namespaces/{namespace}/foos/{name}';
    expect(mediaTypes(v3('apis/example.com/v1'), path)).toEqual(common);
  });

  test('publish a custom resource with its metadata, list, selectable fields and scale', () => {
    const schemas = v3('apis/example.com/v1')['components']!['schemas']!;
    const foo = schemas['com.example.v1.Foo']!;
    expect(foo['properties']!['metadata']!['allOf']).toEqual([
      { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
    ]);
    expect(Object.keys(foo['properties']!)).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(foo['properties']!['spec']!['properties']!['size']).toEqual({
      description: 'How large it is.',
      minimum: 1,
      type: 'integer',
    });
    expect(foo['x-kubernetes-selectable-fields']).toEqual([{ fieldPath: 'spec.size' }]);
    const list = schemas['com.example.v1.FooList']!;
    expect(list['required']).toEqual(['items']);
    expect(list['properties']!['items']!['items']).toEqual({
      $ref: '#/components/schemas/com.example.v1.Foo',
    });
    expect(list['x-kubernetes-group-version-kind']).toEqual([
      { group: 'example.com', kind: 'FooList', version: 'v1' },
    ]);
    expect(kindsOf(schemas['io.k8s.api.autoscaling.v1.Scale']!)).toEqual([
      { group: 'autoscaling', kind: 'Scale', version: 'v1' },
    ]);
  });

  test('begin the texts of custom resources with the words that conformance tests look for', () => {
    const properties =
      v3('apis/example.com/v1')['components']!['schemas']!['com.example.v1.Foo']!['properties']!;
    expect(properties['apiVersion']!['description']).toMatch(/^APIVersion defines /);
    expect(properties['metadata']!['description']).toMatch(/^Standard object's metadata/);
  });

  test('list all paths of a custom resource and none for a cluster-scoped list of namespaces', () => {
    expect(Object.keys(v3('apis/example.com/v1')['paths']!)).toEqual([
      '/apis/example.com/v1/',
      '/apis/example.com/v1/foos',
      '/apis/example.com/v1/namespaces/{namespace}/foos',
      '/apis/example.com/v1/namespaces/{namespace}/foos/{name}',
      '/apis/example.com/v1/namespaces/{namespace}/foos/{name}/scale',
      '/apis/example.com/v1/namespaces/{namespace}/foos/{name}/status',
    ]);
    const cluster = definitionSet([customFixture({ scope: 'Cluster' })]);
    const document = parse(openApiV3Document(cluster, 'apis/example.com/v1')!.text);
    expect(Object.keys(document['paths']!)).toEqual([
      '/apis/example.com/v1/',
      '/apis/example.com/v1/foos',
      '/apis/example.com/v1/foos/{name}',
    ]);
  });

  test('carry the merge keys that strategic merge patches need', () => {
    const meta = v3('api/v1')['components']!['schemas']!['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']!;
    expect(meta['properties']!['ownerReferences']).toMatchObject({
      'x-kubernetes-patch-merge-key': 'uid',
      'x-kubernetes-patch-strategy': 'merge',
    });
  });
});

describe('custom resource schemas', () => {
  const published = (schema: Schema) => {
    const own = definitionSet([customFixture({ versions: [versionFixture('v1', { schema })] })]);
    return {
      v3: parse(openApiV3Document(own, 'apis/example.com/v1')!.text)['components']!['schemas']![
        'com.example.v1.Foo'
      ]!,
      v2: parse(openApiV2(own).text)['definitions']!['com.example.v1.Foo']!,
    };
  };
  const property = (schema: Schema, required: readonly string[] = []) => {
    const { v2, v3: third } = published({ type: 'object', properties: { field: schema }, required });
    return { v2: v2['properties']!['field'], v3: third['properties']!['field'], root: v2 };
  };

  test('lose their alternatives in v2 and keep them in v3', () => {
    const schema: Schema = {
      type: 'string',
      minLength: 1,
      anyOf: [{ pattern: '^a' }, { pattern: '^b' }],
      not: { enum: ['c'] },
    };
    const { v2, v3: third } = property(schema);
    expect(v2).toEqual({ type: 'string', minLength: 1 });
    expect(third).toEqual(schema);
  });

  test('lose type and content of nullable values in v2, and their being required', () => {
    const schema: Schema = { type: 'object', nullable: true, properties: { a: { type: 'string' } } };
    const { v2, v3: third, root } = property(schema, ['field']);
    expect(v2).toEqual({});
    expect(root['required']).toBeUndefined();
    expect(third).toEqual(schema);
  });

  test('stay open in v2 where unknown fields are preserved', () => {
    const { v2, v3: third } = property({
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { a: { type: 'string' } },
    });
    expect(v2).toEqual({ 'x-kubernetes-preserve-unknown-fields': true });
    expect(third!['properties']).toEqual({ a: { type: 'string' } });
  });

  test('are no more than an object in v2 when the root preserves unknown fields', () => {
    const { v2, v3: third } = published({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
    expect(v2).toEqual({
      type: 'object',
      'x-kubernetes-group-version-kind': [{ group: 'example.com', kind: 'Foo', version: 'v1' }],
    });
    expect(third['x-kubernetes-preserve-unknown-fields']).toBe(true);
    expect(third['properties']!['metadata']).toBeDefined();
  });

  test('have no arrays without items in v2', () => {
    const { v2 } = property({ type: 'array', nullable: true, items: { type: 'string' } });
    expect(v2).toEqual({});
  });

  test('say integer or string in v3 and nothing in v2', () => {
    const { v2, v3: third } = property({ 'x-kubernetes-int-or-string': true });
    expect(v2).toEqual({ 'x-kubernetes-int-or-string': true });
    expect(third).toEqual({
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      'x-kubernetes-int-or-string': true,
    });
  });

  test('give embedded resources their type and metadata, except where v2 must stay open', () => {
    const closed = property({ type: 'object', 'x-kubernetes-embedded-resource': true });
    for (const schema of [closed.v2, closed.v3]) {
      expect(Object.keys(schema!['properties']!)).toEqual(['apiVersion', 'kind', 'metadata']);
      expect(schema!['required']).toEqual(['kind', 'apiVersion']);
    }
    const open = property({
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    });
    expect(open.v2).toEqual({
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    });
    expect(open.v3!['properties']).toBeDefined();
  });

  test('keep defaults that are false, null or contain keywords', () => {
    expect(property({ type: 'boolean', default: false }).v3).toEqual({ type: 'boolean', default: false });
    expect(property({ type: 'string', nullable: true, default: null }).v3).toMatchObject({ default: null });
    const value = { $ref: 'nowhere', type: 3 };
    expect(property({ type: 'object', default: value }).v3).toMatchObject({ default: value });
  });

  test('may have properties with any name', () => {
    const properties = Object.defineProperty({}, '__proto__', {
      value: { type: 'string' },
      enumerable: true,
    }) as Record<string, Schema>;
    const { v3: third } = published({ type: 'object', properties });
    expect(Object.keys(third['properties']!)).toContain('__proto__');
  });
});

test('a user-defined kind cannot take the place of a built-in component', () => {
  const group = 'meta.apis.pkg.apimachinery.k8s.io';
  const forged = definitionSet([
    ...builtinDefinitions,
    customFixture({ group, names: namesFixture('ObjectMeta') }),
  ]);
  const definitions = parse(openApiV2(forged).text)['definitions']!;
  const meta = definitions['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']!;
  expect(Object.keys(meta['properties']!)).toContain('ownerReferences');
});

describe('the OpenAPI v2 document', () => {
  const document = parse(openApiV2(set).text);

  test('refers to nothing outside of itself', () => {
    for (const reference of referencesIn(document)) {
      const [, section, name] = /^#\/(definitions|parameters)\/(.+)$/.exec(reference) ?? [];
      expect(Object.hasOwn(document[section!]!, name!), reference).toBe(true);
    }
  });

  test('contains no keyword that Swagger lacks', () => {
    const found = new Set<string>();
    for (const definition of Object.values(document['definitions']!)) {
      for (const schema of schemasIn(definition)) {
        for (const key of ['anyOf', 'oneOf', 'not', 'allOf', 'nullable']) if (key in schema) found.add(key);
      }
    }
    expect([...found]).toEqual([]);
  });

  test('describes every served kind of every group', () => {
    for (const definition of [...builtinDefinitions, custom]) {
      for (const version of definition.versions) {
        const kind = { group: definition.group, kind: definition.names.kind, version: version.name };
        const found = Object.values(document['definitions']!).filter((schema) =>
          kindsOf(schema).some((candidate) => JSON.stringify(candidate) === JSON.stringify(kind)),
        );
        expect(found, JSON.stringify(kind)).toHaveLength(1);
      }
    }
  });

  test('declares fieldValidation for patches through shared parameters', () => {
    const path = document['paths']!['/apis/example.com/v1/namespaces/{namespace}/foos/{name}']!;
    expect(parametersOf(path['patch']!)).toContainEqual({ $ref: '#/parameters/fieldValidation' });
    expect(document['parameters']!['fieldValidation']).toMatchObject({ in: 'query', type: 'string' });
  });

  test('has an entity tag that is stable for equal sets and changes with them', () => {
    const again = definitionSet([custom, ...builtinDefinitions]);
    expect(openApiV2(again).etag).toBe(openApiV2(set).etag);
    expect(openApiV2(definitionSet([custom])).etag).not.toBe(openApiV2(set).etag);
  });
});

function v3(path: string): Node {
  const document = openApiV3Document(set, path);
  expect(document, path).toBeDefined();
  return parse(document!.text);
}

function parse(text: string): Node {
  return JSON.parse(text) as Node;
}

function pathOf(definition: Definition, version: string): string {
  return definition.group === '' ? `api/${version}` : `apis/${definition.group}/${version}`;
}

function operationsOf(document: Node): { readonly path: string; readonly operation: Node }[] {
  return Object.entries(document['paths']!).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([key]) => key !== 'parameters')
      .map(([, operation]) => ({ path, operation })),
  );
}

function parametersOf(operation: Node): Node[] {
  return operation['parameters'] as unknown as Node[];
}

function kindsOf(schema: Node): unknown[] {
  return (schema['x-kubernetes-group-version-kind'] as unknown as unknown[] | undefined) ?? [];
}

function sortedJson(value: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Every object of a document; examples and defaults of the fixtures contain no references. */
function* nodesIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const child of Object.values(value)) yield* nodesIn(child);
}

function* referencesIn(value: unknown): Generator<string> {
  for (const node of nodesIn(value)) if (typeof node['$ref'] === 'string') yield node['$ref'];
}

/** The schemas of a definition, without taking the names of properties for keywords. */
function* schemasIn(schema: Node): Generator<Node> {
  yield schema;
  for (const child of Object.values(schema['properties'] ?? {})) yield* schemasIn(child);
  for (const key of ['items', 'additionalProperties']) {
    const child = schema[key];
    if (typeof child === 'object') yield* schemasIn(child);
  }
}
