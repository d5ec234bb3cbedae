import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  ConvergentDocument,
  clientIdOf,
  conflictsOf,
  createEdit,
  fieldClassesOf,
  materialise,
  objectTypeOf,
  stampHorizon,
  updateEdit,
  viewRegisters,
} from '../../src/convergent/mod.ts';
import { Dice, randomValue } from '../../src/convergent/random-objects.suite.ts';
import {
  applyTypeOf,
  type Definition,
  definitionFromCrd,
  kcpDefinition,
  kcpKinds,
} from '../../src/definitions/mod.ts';
import { compileSchema, encodeJson, type KubeObject, parseJson, parseYaml } from '../../src/machinery/mod.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const FIXTURES = resolve(REPOSITORY, process.env['ANTIPODE_FIXTURES'] ?? '../shared/fixtures');
const NOW_MS = Date.UTC(2026, 5, 1);

function kube(value: unknown): KubeObject {
  return parseJson(JSON.stringify(value)).value as KubeObject;
}

/** Numbers beyond 53 bits included, which JSON.stringify would round. */
function copyOf(object: KubeObject): KubeObject {
  return parseJson(encodeJson(object)).value as KubeObject;
}

function storageVersion(definition: Definition) {
  return definition.versions.find(({ name }) => name === definition.storageVersion)!;
}

function typeOf(definition: Definition) {
  const version = storageVersion(definition);
  const { group, names } = definition;
  return objectTypeOf({
    apply: applyTypeOf(definition, version),
    schema: version.schema,
    classes: fieldClassesOf({ group, resource: names.plural }),
  });
}

/** One object of a kind in several regions. */
class Regions {
  readonly #definition: Definition;
  readonly #documents = new Map<string, ConvergentDocument>();
  #nowMs = NOW_MS;

  constructor(definition: Definition) {
    this.#definition = definition;
  }

  create(region: string, object: KubeObject): void {
    const { group, names } = this.#definition;
    const edit = createEdit({
      object,
      type: typeOf(this.#definition),
      place: { logicalCluster: 'root', group, resource: names.plural },
      ...this.#moment(region),
    });
    this.#document(region).write(edit);
  }

  update(
    region: string,
    change: (object: KubeObject) => unknown,
    options: { readonly isHome?: boolean } = {},
  ): void {
    const { view, object: current } = this.read(region);
    const object = copyOf(change(copyOf(current)) as KubeObject);
    const { isHome = true } = options;
    const type = typeOf(this.#definition);
    this.#document(region).write(
      updateEdit(view, { type, current, old: current, object, isHome, ...this.#moment(region) }),
    );
  }

  meet(): void {
    const states = [...this.#documents.values()].map((document) => document.encode());
    for (const document of this.#documents.values()) for (const state of states) document.merge(state);
  }

  read(region: string) {
    const view = viewRegisters(this.#document(region).registers(), { horizon: stampHorizon(this.#nowMs) });
    return { view, ...materialise(view)! };
  }

  registers(region: string): readonly string[] {
    return [...this.#document(region).registers()].map(({ path }) => path);
  }

  #document(region: string): ConvergentDocument {
    let document = this.#documents.get(region);
    if (document === undefined) {
      document = ConvergentDocument.create();
      this.#documents.set(region, document);
      this.meet();
    }
    return document;
  }

  #moment(region: string) {
    this.#nowMs += 10;
    return {
      nowMs: this.#nowMs,
      writer: { region, client: clientIdOf({ startMs: NOW_MS, member: region.charCodeAt(0) }) },
    };
  }
}

function randomObjectOf(definition: Definition, seed: number): KubeObject {
  const dice = new Dice(seed);
  const { name, schema } = storageVersion(definition);
  const object = kube({
    apiVersion: `${definition.group}/${name}`,
    kind: definition.names.kind,
    metadata: {
      name: 'one',
      uid: 'uid-1',
      creationTimestamp: '2026-06-01T00:00:00Z',
      generation: 1,
      labels: { a: 'b' },
      annotations: { 'x/y': '' },
      finalizers: ['b/c', 'a/b'],
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Secret', name: 's', uid: 'u1' },
        { apiVersion: 'v1', kind: 'Secret', name: 't', uid: 'u2' },
      ],
      managedFields: [
        {
          manager: 'kubectl',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': {} },
        },
        {
          manager: 'kubectl',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: {},
          subresource: 'status',
        },
      ],
    },
  });
  for (const [field, below] of Object.entries(schema.properties ?? {})) {
    if (!['apiVersion', 'kind', 'metadata'].includes(field)) object[field] = randomValue(dice, below);
  }
  return object;
}

function expectRoundTrips(definition: Definition): void {
  for (let seed = 0; seed < 20; seed++) {
    const object = randomObjectOf(definition, seed);
    const regions = new Regions(definition);
    regions.create('eu', object);
    expect(encodeJson(regions.read('eu').object)).toBe(encodeJson(object));
    const other = randomObjectOf(definition, seed + 1_000);
    regions.update('us', () => other);
    regions.meet();
    expect(encodeJson(regions.read('eu').object)).toBe(encodeJson(other));
  }
}

describe('an object of one of the kinds of kcp', () => {
  it.each(kcpKinds.map((kind) => [`${kind.kind}.${kind.group}`, kind] as const))(
    'is the same after it was cut and put together, and after an edit elsewhere: %s',
    (_, kind) => {
      expectRoundTrips(kcpDefinition(kind));
    },
    60_000,
  );
});

const CERT_MANAGER = join(FIXTURES, 'cert-manager');
const others = existsSync(CERT_MANAGER)
  ? [
      ...readdirSync(CERT_MANAGER).map((name) => join(CERT_MANAGER, name)),
      join(FIXTURES, 'wildwest/crd-cowboys.yaml'),
    ]
  : [];

describe.skipIf(others.length === 0)('[fixtures] an object of one of the kinds of others', () => {
  it.each(others.map((file) => [basename(file), file] as const))(
    'is the same after it was cut and put together, and after an edit elsewhere: %s',
    (_, file) => {
      expectRoundTrips(definitionFromCrd(parseYaml(readFileSync(file, 'utf8')).value as KubeObject));
    },
    60_000,
  );
});

describe('an APIExport that is edited in two regions', () => {
  const definition = kcpDefinition(kcpKinds.find(({ kind }) => kind === 'APIExport')!);
  const resource = (name: string) => ({
    name,
    group: 'wild.west',
    schema: `v1.${name}.wild.west`,
    storage: { crd: {} },
  });
  const claim = (name: string, verbs: string[]) => ({ group: '', resource: name, verbs });
  const exported = kube({
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIExport',
    metadata: { name: 'wild', uid: 'uid-1', generation: 1 },
    spec: { resources: [resource('cowboys')], permissionClaims: [claim('secrets', ['get'])] },
  });

  it('has what both have added, and is valid', () => {
    const regions = new Regions(definition);
    regions.create('eu', exported);
    regions.read('us');
    regions.update('eu', ({ spec, ...object }) => {
      const { resources, permissionClaims } = spec as { resources: unknown[]; permissionClaims: unknown[] };
      return { ...object, spec: { resources: [...resources, resource('horses')], permissionClaims } };
    });
    regions.update('us', ({ spec, ...object }) => {
      const { resources } = spec as { resources: unknown[] };
      const permissionClaims = [claim('secrets', ['get', 'list']), claim('configmaps', ['*'])];
      return { ...object, spec: { resources: [...resources, resource('saloons')], permissionClaims } };
    });
    regions.meet();
    const { object, view } = regions.read('eu');
    expect(JSON.parse(encodeJson(object['spec']!))).toEqual({
      resources: [resource('cowboys'), resource('horses'), resource('saloons')],
      permissionClaims: [claim('secrets', ['get', 'list']), claim('configmaps', ['*'])],
    });
    expect(compileSchema(storageVersion(definition).schema).validate(object, '')).toEqual([]);
    expect(conflictsOf(view)).toEqual([]);
  });

  it('stores a resource in one way only, whatever both have chosen', () => {
    const regions = new Regions(definition);
    const virtual = {
      virtual: { reference: { apiGroup: 'a.b', kind: 'Store', name: 's' }, identityHash: 'h' },
    };
    regions.create('eu', exported);
    regions.read('us');
    regions.update('eu', (object) => ({
      ...object,
      spec: { resources: [{ ...resource('cowboys'), storage: virtual }] },
    }));
    regions.update('us', (object) => ({
      ...object,
      spec: { resources: [{ ...resource('cowboys'), schema: 'v2.cowboys.wild.west' }] },
    }));
    regions.meet();
    const { object } = regions.read('us');
    expect(JSON.parse(encodeJson(object['spec']!))).toEqual({
      resources: [{ ...resource('cowboys'), schema: 'v2.cowboys.wild.west', storage: virtual }],
    });
    expect(compileSchema(storageVersion(definition).schema).validate(object, '')).toEqual([]);
  });

  it('has its identity from its home', () => {
    const regions = new Regions(definition);
    regions.create('eu', exported);
    const change = (object: KubeObject) => ({ ...object, status: { identityHash: 'abc' } });
    expect(() => regions.update('us', change, { isHome: false })).toThrow(
      expect.objectContaining({ refusal: 'HomeOnly', details: ['.status.identityHash'] }),
    );
    regions.update('us', change);
    expect(regions.read('us').object['status']).toEqual({ identityHash: 'abc' });
  });
});

describe('an APIResourceSchema', () => {
  it('has its spec in one register', () => {
    const definition = kcpDefinition(kcpKinds.find(({ kind }) => kind === 'APIResourceSchema')!);
    const regions = new Regions(definition);
    regions.create('eu', randomObjectOf(definition, 1));
    expect(regions.registers('eu').filter((path) => path.startsWith('/spec'))).toEqual(['/spec']);
  });
});
