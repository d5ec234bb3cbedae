import { describe, expect, test } from 'vitest';
import { fieldErrorText, type JsonObject, type KubeObject } from '../../machinery/mod.ts';
import type { Definition } from '../definition.ts';
import { certManagerCrds, hasFixtures, kube, version, WIDGET_SCHEMA, widgetCrd } from './crd.suite.ts';
import { decodeCustomResource, readCustomResource } from './custom-resource-codec.ts';
import { definitionFromCrd } from './definition-from-crd.ts';

const MAIN = { subresource: '', now: '2024-01-01T00:00:00Z' };
const STATUS = { ...MAIN, subresource: 'status' };

function widget(rest: Readonly<Record<string, unknown>>, apiVersion = 'example.com/v1'): KubeObject {
  return kube({
    apiVersion,
    kind: 'Widget',
    metadata: { name: 'w', generation: 1, resourceVersion: '5' },
    ...rest,
  });
}

function createErrors(definition: Definition, object: KubeObject): string[] {
  return definition.strategy.validateCreate(object, MAIN).map(fieldErrorText);
}

test('the definition carries what the CRD says', () => {
  const crd = widgetCrd({
    versions: [
      version('v1beta1', { served: false, deprecated: true }),
      version('v1', {
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        selectableFields: [{ jsonPath: '.spec.color' }],
      }),
    ],
  });
  const definition = definitionFromCrd(crd);
  expect(definition).toMatchObject({
    origin: 'crd',
    group: 'example.com',
    scope: 'Namespaced',
    storageVersion: 'v1',
    isTerminating: false,
    names: {
      plural: 'widgets',
      singular: 'widget',
      kind: 'Widget',
      listKind: 'WidgetList',
      shortNames: ['wd'],
      categories: [],
    },
    verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
  });
  expect(definition.versions.map(({ name, served, deprecated }) => [name, served, deprecated])).toEqual([
    ['v1', true, undefined],
    ['v1beta1', false, true],
  ]);
  expect(definition.versions[0]?.subresources).toEqual([
    { name: 'status', verbs: ['get', 'patch', 'update'] },
    {
      name: 'scale',
      verbs: ['get', 'patch', 'update'],
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    },
  ]);
  expect(definition.versions[0]?.scale?.specReplicasPath).toBe('.spec.replicas');
  expect(definition.fieldLabels('v1')).toEqual(['spec.color']);
  expect({ ...definition.selectable(widget({ spec: { color: 'red' } })) }).toEqual({ 'spec.color': 'red' });
  expect({ ...definition.selectable(widget({})) }).toEqual({ 'spec.color': '' });
  expect(definition.printer('v1').columns.map(({ name }) => name)).toEqual(['Name', 'Age']);
});

test('accepted names count, not those that are asked for', () => {
  const crd = widgetCrd(
    {},
    {
      status: {
        acceptedNames: { plural: 'widgets', kind: 'Widget', listKind: 'WidgetList', singular: 'widget' },
      },
    },
  );
  expect(definitionFromCrd(crd).names.shortNames).toEqual([]);
});

test('the hash follows what is served, and nothing else', () => {
  const hash = definitionFromCrd(widgetCrd()).hash;
  const annotated = widgetCrd();
  annotated.metadata.annotations = { a: 'b' };
  expect(definitionFromCrd(annotated).hash).toBe(hash);
  expect(definitionFromCrd(widgetCrd({ scope: 'Cluster' })).hash).not.toBe(hash);
  const terminating = widgetCrd({}, { status: { conditions: [{ type: 'Terminating', status: 'True' }] } });
  expect(definitionFromCrd(terminating)).toMatchObject({ isTerminating: true });
  expect(definitionFromCrd(terminating).hash).not.toBe(hash);
});

test('a request is pruned and defaulted, and unknown fields are told', () => {
  const definition = definitionFromCrd(widgetCrd());
  const object = widget({ spec: { color: 'red', nope: 1, tags: null }, extra: {} });
  expect(decodeCustomResource(object, definition.versions[0]!)).toEqual(['extra', 'spec.nope']);
  expect(object).toEqual(widget({ spec: { color: 'red', size: 3 } }));
});

test('a stored object gets new defaults and loses removed fields when it is read', () => {
  const object = widget({ spec: { color: 'red', gone: true } });
  readCustomResource(object, definitionFromCrd(widgetCrd()).versions[0]!);
  expect(object).toEqual(widget({ spec: { color: 'red', size: 3 } }));
});

describe('validation', () => {
  const definition = definitionFromCrd(widgetCrd());

  test('names the field', () => {
    expect(
      createErrors(definition, widget({ spec: { color: 'green', size: 'x', tags: ['a', 'a'] } })),
    ).toEqual([
      'spec.color: Unsupported value: "green": supported values: "red", "blue"',
      'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
      'spec.tags[1]: Duplicate value: "a"',
    ]);
  });

  test('refuses another kind, group or version', () => {
    const object = widget({ spec: { color: 'red' } }, 'example.org/v1');
    object.kind = 'Gadget';
    expect(createErrors(definition, object)).toEqual([
      'kind: Invalid value: "Gadget": must be Widget',
      'apiVersion: Invalid value: "example.org/v1": must be example.com/v1',
    ]);
  });

  test('of the status endpoint looks at the status only', () => {
    const object = widget({ spec: { color: 'green' }, status: { phase: 1 } });
    const old = widget({ spec: { color: 'green' } });
    const errors = definition.strategy.validateUpdate(object, old, STATUS).map(fieldErrorText);
    expect(errors).toEqual([
      'status.phase: Invalid value: "integer": phase in body must be of type string: "integer"',
    ]);
  });

  test('forgives an update what it leaves as it was, through the main endpoint and the status', () => {
    const old = widget({ spec: { color: 'green' }, status: { phase: 1 } });
    const next = widget({ spec: { color: 'green', size: 4 }, status: { phase: 1, replicas: 2 } });
    expect(createErrors(definition, next)).toHaveLength(2);
    expect(definition.strategy.validateUpdate(next, old, MAIN)).toEqual([]);
    expect(definition.strategy.validateUpdate(next, old, STATUS)).toEqual([]);
    const worse = widget({ spec: { color: 'pink' }, status: { phase: 2 } });
    expect(definition.strategy.validateUpdate(worse, old, MAIN)).toHaveLength(2);
    expect(definition.strategy.validateUpdate(worse, old, STATUS)).toHaveLength(1);
  });

  test('does not hold a list that was wrong before against an update', () => {
    const old = widget({ spec: { color: 'red', tags: ['a', 'a'] } });
    expect(definition.strategy.validateUpdate(old, old, MAIN)).toEqual([]);
    expect(definition.strategy.validateUpdate(old, widget({ spec: { color: 'red' } }), MAIN)).toHaveLength(1);
  });

  test('checks what scale shows', () => {
    const scaled = definitionFromCrd(
      widgetCrd({
        versions: [
          version('v1', {
            subresources: {
              scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
            },
          }),
        ],
      }),
    );
    expect(createErrors(scaled, widget({ spec: { color: 'red', replicas: -1 } }))).toEqual([
      '.spec.replicas: Invalid value: -1: should be a non-negative integer',
    ]);
  });

  test('checks embedded resources', () => {
    const properties = {
      template: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
    };
    const holder = definitionFromCrd(
      widgetCrd({
        versions: [version('v1', { schema: { openAPIV3Schema: { type: 'object', properties } } })],
      }),
    );
    expect(
      createErrors(holder, widget({ template: { kind: 'Pod', metadata: { labels: { a: 'not valid!' } } } })),
    ).toEqual([
      'template.apiVersion: Required value',
      expect.stringMatching(/^template\.metadata\.labels: Invalid value: "not valid!"/),
    ]);
    expect(createErrors(holder, widget({ template: { apiVersion: 'v1', kind: 'Pod' } }))).toEqual([]);
  });
});

describe('the status subresource', () => {
  const { strategy } = definitionFromCrd(widgetCrd());

  test('keeps status out of the main endpoint and the generation for the spec', () => {
    const created = widget({ spec: { color: 'red' }, status: { phase: 'x' } });
    strategy.prepareForCreate(created, MAIN);
    expect(created['status']).toBeUndefined();
    const old = widget({ spec: { color: 'red' }, status: { phase: 'old' } });
    const updated = widget({ spec: { color: 'red' }, status: { phase: 'new' } });
    strategy.prepareForUpdate(updated, old, MAIN);
    expect(updated['status']).toEqual(old['status']);
    expect(updated.metadata.generation).toBe(1);
    const changed = widget({ spec: { color: 'blue' } });
    strategy.prepareForUpdate(changed, old, MAIN);
    expect(changed.metadata.generation).toBe(2);
  });

  test('takes only the status through /status', () => {
    const old = widget({ spec: { color: 'red' }, status: { phase: 'old' } });
    const updated = widget({ spec: { color: 'blue' }, status: { phase: 'new' } });
    updated.metadata.labels = { a: 'b' };
    strategy.prepareForUpdate(updated, old, STATUS);
    expect(updated).toEqual(widget({ spec: { color: 'red' }, status: { phase: 'new' } }));
  });

  test('without it status is a field like any other', () => {
    const plain = definitionFromCrd(widgetCrd({ versions: [version('v1')] })).strategy;
    const updated = widget({ status: { phase: 'new' } });
    plain.prepareForUpdate(updated, widget({ status: { phase: 'old' } }), MAIN);
    expect(updated['status']).toMatchObject({ phase: 'new' });
    expect(updated.metadata.generation).toBe(2);
  });
});

test('conversion rewrites the version and prunes what the other one lacks', () => {
  const old = {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: { color: { type: 'string' }, legacy: { type: 'string', default: 'y' } },
        },
      },
    },
  };
  const definition = definitionFromCrd(
    widgetCrd({ versions: [version('v1'), version('v1alpha1', { schema: old })] }),
  );
  const stored = widget({ spec: { color: 'red', size: 3 } });
  const converted = definition.convert?.(stored, 'v1alpha1');
  // Without the defaults of the other version: they are for what clients send.
  expect(converted).toEqual(widget({ spec: { color: 'red' } }, 'example.com/v1alpha1'));
  expect(stored).toEqual(widget({ spec: { color: 'red', size: 3 } }));
  expect(definitionFromCrd(widgetCrd()).convert).toBeUndefined();
});

test('the schema of the tests is that of the definition', () => {
  expect(definitionFromCrd(widgetCrd()).versions[0]?.schema).toEqual(kube(WIDGET_SCHEMA));
});

describe.skipIf(!hasFixtures)('[fixtures] cert-manager', () => {
  const definitions = hasFixtures ? certManagerCrds().map(definitionFromCrd) : [];
  const certificates = () => definitions.find(({ names }) => names.kind === 'Certificate')!;

  function certificate(spec: Readonly<Record<string, unknown>>): KubeObject {
    return kube({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'web', namespace: 'default' },
      spec: { secretName: 'web-tls', issuerRef: { name: 'ca' }, dnsNames: ['a.example.com'], ...spec },
    });
  }

  test('[fixtures] a valid Certificate is valid and nothing of it is pruned', () => {
    const object = certificate({ privateKey: { algorithm: 'ECDSA', size: 256 }, usages: ['server auth'] });
    expect(decodeCustomResource(object, certificates().versions[0]!)).toEqual([]);
    expect(createErrors(certificates(), object)).toEqual([]);
  });

  test('[fixtures] an invalid Certificate names its fields', () => {
    const object = certificate({ privateKey: { algorithm: 'DSA' }, secretName: undefined, duration: 5 });
    const errors = createErrors(certificates(), object);
    expect(errors).toContain(
      'spec.privateKey.algorithm: Unsupported value: "DSA": supported values: "RSA", "ECDSA", "Ed25519"',
    );
    expect(errors).toContain('spec.secretName: Required value');
    expect(errors).toContain(
      'spec.duration: Invalid value: "integer": spec.duration in body must be of type string: "integer"',
    );
    expect(errors).toHaveLength(3);
  });

  test('[fixtures] unknown fields of a ClusterIssuer are told', () => {
    const object = kube({
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name: 'x' },
      spec: {
        acme: {
          server: 'https://x',
          privateKeySecretRef: { name: 'k' },
          solvers: [{ http01: { ingres: {} } }],
        },
      },
    });
    const issuers = definitions.find(({ names }) => names.kind === 'ClusterIssuer')!;
    expect(decodeCustomResource(object, issuers.versions[0]!)).toEqual([
      'spec.acme.solvers[0].http01.ingres',
    ]);
    expect((object['spec'] as JsonObject)['acme']).toMatchObject({ solvers: [{ http01: {} }] });
  });

  test('[fixtures] making a definition of the largest CRD takes little time', () => {
    const crds = certManagerCrds();
    const start = performance.now();
    for (const crd of crds) definitionFromCrd(crd);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
