import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KubeObject, parseJson } from '../../machinery/mod.ts';
import { claimsOfBinding, selectionOf } from '../claims/mod.ts';
import { decodeCustomResource } from '../crd/mod.ts';
import type { Definition } from '../definition.ts';
import { systemDefinition } from './mod.ts';

const V1 = 'apis.kcp.io/v1alpha1';
const V2 = 'apis.kcp.io/v1alpha2';
const FIRST = 'apis.kcp.dev/v1alpha1';
const KEPT = 'apis.v1alpha2.kcp.io/';

const apiExport = systemDefinition('apis.kcp.io', 'apiexports')!;
const apiBinding = systemDefinition('apis.kcp.io', 'apibindings')!;

/** An object as a request brings it: in its version, with the defaults of its schema. */
function given(definition: Definition, value: object): KubeObject {
  const object = parseJson(JSON.stringify(value)).value as KubeObject;
  const version = definition.family!.versionOf(String(object.apiVersion))!;
  expect(decodeCustomResource(object, version)).toEqual([]);
  return object;
}

function there(definition: Definition, object: KubeObject, ...apiVersions: readonly string[]): KubeObject {
  return apiVersions.reduce((last, apiVersion) => definition.family!.convert(last, apiVersion), object);
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('an APIExport', () => {
  test('of v1alpha2 is shown in v1alpha1 with names of schemas and claims for all objects', () => {
    const object = given(apiExport, {
      apiVersion: V2,
      kind: 'APIExport',
      metadata: { name: 'a' },
      spec: {
        resources: [
          { group: 'example.com', name: 'widgets', schema: 'v1.widgets.example.com' },
          {
            group: 'example.com',
            name: 'ghosts',
            schema: 'v1.ghosts.example.com',
            storage: { virtual: { reference: { apiGroup: 'x.y', kind: 'Z', name: 'z' } } },
          },
          { group: '', name: 'services', schema: 'v2.services.core' },
        ],
        permissionClaims: [
          { resource: 'configmaps', verbs: ['*'] },
          { resource: 'secrets', verbs: ['get', 'list'] },
        ],
      },
    });
    const legacy = there(apiExport, object, V1);
    expect(plain(legacy)).toMatchObject({
      apiVersion: V1,
      spec: {
        latestResourceSchemas: ['v1.widgets.example.com', 'v2.services.core'],
        permissionClaims: [
          { group: '', resource: 'configmaps', all: true },
          { group: '', resource: 'secrets', all: true },
        ],
      },
    });
    const kept = legacy.metadata.annotations as Record<string, string>;
    expect(Object.keys(kept).sort()).toEqual([`${KEPT}permission-claims`, `${KEPT}resource-schemas`]);
    expect(JSON.parse(kept[`${KEPT}resource-schemas`]!)).toMatchObject([{ name: 'ghosts', index: 1 }]);
    expect(JSON.parse(kept[`${KEPT}permission-claims`]!)).toMatchObject([{ verbs: ['get', 'list'] }]);
  });

  test('of v1alpha1 keeps what it selects, and may do everything with it', () => {
    const object = given(apiExport, {
      apiVersion: V1,
      kind: 'APIExport',
      metadata: { name: 'a' },
      spec: {
        latestResourceSchemas: ['today.widgets.example.com'],
        permissionClaims: [{ resource: 'configmaps', resourceSelector: [{ name: 'x' }] }],
      },
    });
    const modern = there(apiExport, object, V2);
    expect(plain(modern)).toMatchObject({
      spec: {
        resources: [
          {
            group: 'example.com',
            name: 'widgets',
            schema: 'today.widgets.example.com',
            storage: { crd: {} },
          },
        ],
        permissionClaims: [{ group: '', resource: 'configmaps', verbs: ['*'], identityHash: '' }],
      },
    });
    expect(Object.keys(modern.metadata.annotations ?? {})).toEqual([`${KEPT}v1alpha1-permission-claims`]);
    expect(plain(there(apiExport, modern, V1))).toEqual(plain(object));
  });

  test('is the same again after any way through other versions', () => {
    fc.assert(
      fc.property(modernExport, fc.array(fc.constantFrom(V1, V2, FIRST), { maxLength: 4 }), (value, way) => {
        const object = given(apiExport, value);
        expect(plain(there(apiExport, object, ...way, V2))).toEqual(plain(object));
      }),
    );
    fc.assert(
      fc.property(legacyExport, fc.array(fc.constantFrom(V1, V2, FIRST), { maxLength: 4 }), (value, way) => {
        const object = given(apiExport, value);
        expect(plain(there(apiExport, object, ...way, V1))).toEqual(plain(object));
      }),
    );
  });
});

describe('an APIBinding', () => {
  test('with labels to select by is not shown in v1alpha1 as one for all objects', () => {
    const object = given(apiBinding, {
      apiVersion: V2,
      kind: 'APIBinding',
      metadata: { name: 'a' },
      spec: {
        reference: { export: { path: 'root:a', name: 'b' } },
        permissionClaims: [
          {
            resource: 'secrets',
            verbs: ['*'],
            state: 'Accepted',
            selector: { matchLabels: { a: 'b' } },
          },
          { resource: 'configmaps', verbs: ['*'], state: 'Rejected', selector: { matchAll: true } },
        ],
      },
    });
    const legacy = there(apiBinding, object, V1);
    expect(plain(legacy['spec'])).toEqual({
      reference: { export: { path: 'root:a', name: 'b' } },
      permissionClaims: [
        { group: '', resource: 'secrets', state: 'Accepted' },
        { group: '', resource: 'configmaps', all: true, state: 'Rejected' },
      ],
    });
    expect(Object.keys(legacy.metadata.annotations ?? {})).toEqual([`${KEPT}acceptable-permission-claims`]);
  });

  test('can be answered in v1alpha1 without touching what only v1alpha2 says', () => {
    const object = given(apiBinding, {
      apiVersion: V2,
      kind: 'APIBinding',
      metadata: { name: 'a' },
      spec: {
        reference: { export: { name: 'b' } },
        permissionClaims: [
          { resource: 'secrets', verbs: ['get'], state: 'Rejected', selector: { matchLabels: { a: 'b' } } },
        ],
      },
    });
    const legacy = there(apiBinding, object, V1);
    const spec = legacy['spec'] as unknown as { permissionClaims: { state: string }[] };
    spec.permissionClaims[0]!.state = 'Accepted';
    expect(plain(there(apiBinding, legacy, V2))).toMatchObject({
      spec: {
        permissionClaims: [{ verbs: ['get'], state: 'Accepted', selector: { matchLabels: { a: 'b' } } }],
      },
    });
  });

  test('takes nothing where v1alpha1 does not say that it is for all objects', () => {
    const answer = (claim: object) => ({ group: '', resource: 'secrets', state: 'Accepted', ...claim });
    const binding = (claim: object, annotations: object = {}) =>
      given(apiBinding, {
        apiVersion: V1,
        kind: 'APIBinding',
        metadata: { name: 'a', annotations },
        spec: { reference: { export: { name: 'b' } }, permissionClaims: [answer(claim)] },
      });
    const selected = (object: KubeObject): boolean[] =>
      claimsOfBinding(there(apiBinding, object, V2)).map(
        (claim) =>
          selectionOf(claim)?.({ 'kcp.io/cluster': 'a', b: 'c' }) || selectionOf(claim)?.({}) || false,
      );
    const some = { resourceSelector: [{ name: 'x' }] };
    expect(selected(binding({ all: true }))).toEqual([true]);
    expect(selected(binding(some))).toEqual([false]);
    expect(selected(binding({}))).toEqual([false]);
    // What it was for when v1alpha2 was asked last does not count, once it is for less.
    const before = answer({ verbs: ['get'], selector: { matchAll: true } });
    const kept = { [`${KEPT}acceptable-permission-claims`]: JSON.stringify([before]) };
    expect(selected(binding({ all: true }, kept))).toEqual([true]);
    expect(selected(binding(some, kept))).toEqual([false]);
  });

  test('names its export as a workspace in its first form', () => {
    const object = given(apiBinding, {
      apiVersion: FIRST,
      kind: 'APIBinding',
      metadata: { name: 'cert-manager' },
      spec: { reference: { workspace: { path: 'root:cert-manager', exportName: 'stable' } } },
    });
    const modern = there(apiBinding, object, V2);
    expect(plain(modern)).toEqual({
      apiVersion: V2,
      kind: 'APIBinding',
      metadata: { name: 'cert-manager' },
      spec: { reference: { export: { path: 'root:cert-manager', name: 'stable' } } },
    });
    expect(plain(there(apiBinding, modern, FIRST))).toEqual(plain(object));
  });

  test('is the same again after any way through other versions', () => {
    const ways = fc.array(fc.constantFrom(V1, V2, FIRST), { maxLength: 4 });
    fc.assert(
      fc.property(modernBinding, ways, (value, way) => {
        const object = given(apiBinding, value);
        expect(plain(there(apiBinding, object, ...way, V2))).toEqual(plain(object));
      }),
    );
    fc.assert(
      fc.property(legacyBinding, ways, (value, way) => {
        const object = given(apiBinding, value);
        expect(plain(there(apiBinding, object, ...way, V1))).toEqual(plain(object));
      }),
    );
    fc.assert(
      fc.property(firstBinding, ways, (value, way) => {
        const object = given(apiBinding, value);
        expect(plain(there(apiBinding, object, ...way, FIRST))).toEqual(plain(object));
      }),
    );
  });
});

describe('annotations of conversions', () => {
  test('that nobody can read are ignored, and gone after the conversion', () => {
    const annotations = {
      [`${KEPT}permission-claims`]: '{',
      [`${KEPT}resource-schemas`]: '[1]',
      other: 'stays',
    };
    const object = given(apiExport, {
      apiVersion: V1,
      kind: 'APIExport',
      metadata: { name: 'a', annotations },
      spec: { latestResourceSchemas: ['v1.a.b'], permissionClaims: [{ resource: 'secrets', all: true }] },
    });
    const modern = there(apiExport, object, V2);
    expect(plain(modern.metadata.annotations)).toEqual({ other: 'stays' });
  });
});

const word = fc.stringMatching(/^[a-z][a-z0-9]{1,5}$/);
const group = fc.oneof(
  fc.constant(''),
  fc.tuple(word, word).map(([a, b]) => `${a}.${b}`),
);
const hash = fc.constantFrom('', 'abc', 'def');
const verbs = fc.oneof(fc.constant(['*']), fc.uniqueArray(word, { minLength: 1, maxLength: 3 }));
const labels = fc.record({ matchLabels: fc.dictionary(word, word, { minKeys: 1, maxKeys: 2 }) });
const expressions = fc.record({
  matchExpressions: fc.array(
    fc.record({
      key: word,
      operator: fc.constantFrom('In', 'NotIn'),
      values: fc.array(word, { minLength: 1, maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});
const selector = fc.oneof(fc.constant({ matchAll: true }), labels, expressions);
const state = fc.constantFrom('Accepted', 'Rejected');
const annotations = fc.option(fc.dictionary(word, word, { minKeys: 1, maxKeys: 2 }), { nil: undefined });

const keys = { group, resource: word };
const claimOf = <T extends object>(record: fc.Arbitrary<T>): fc.Arbitrary<(T & { group: string })[]> =>
  fc.uniqueArray(record as fc.Arbitrary<T & { group: string; resource: string }>, {
    maxLength: 4,
    selector: ({ group: of, resource }) => `${of}/${resource}`,
  });

const modernClaim = {
  ...keys,
  identityHash: hash,
  verbs,
  defaultSelector: fc.option(selector, { nil: undefined }),
};
const modernAsked = claimOf(fc.record(modernClaim));
const modernGranted = claimOf(fc.record({ ...modernClaim, selector }));
const modernAnswered = claimOf(fc.record({ ...modernClaim, selector, state }));

// An empty identity is the same as none, and v1alpha1 says none.
const legacyIdentity = fc.constantFrom(undefined, 'abc', 'def');
const chosen = fc.array(
  fc.oneof(
    fc.record({ name: word }),
    fc.record({ namespace: word }),
    fc.record({ name: word, namespace: word }),
  ),
  { minLength: 1, maxLength: 3 },
);
const what = fc.oneof(
  fc.constant({ all: true }),
  chosen.map((resourceSelector) => ({ resourceSelector })),
  chosen.map((resourceSelector) => ({ all: false, resourceSelector })),
);
const legacyRecord = fc
  .tuple(fc.record({ ...keys, identityHash: legacyIdentity }), what)
  .map(([a, b]) => ({ ...a, ...b }));
const legacyAsked = claimOf(legacyRecord);
const legacyAnswered = claimOf(fc.tuple(legacyRecord, state).map(([a, b]) => ({ ...a, state: b })));

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const storage = fc.oneof(
  fc.constant({ crd: {} }),
  fc.constant(undefined),
  word.map((name) => ({ virtual: { reference: { kind: 'Slice', name } } })),
);
const resource = fc
  .tuple(word, word, group, storage, fc.boolean())
  .map(([prefix, name, of, where, isOdd]) => ({
    group: of,
    name,
    schema: `${prefix}.${name}${isOdd ? 'x' : ''}.${of || 'core'}`,
    storage: where,
  }));
const resources = fc.uniqueArray(resource, {
  maxLength: 5,
  selector: ({ name, group: of }) => `${name}/${of}`,
});
const identity = optional(fc.record({ secretRef: fc.record({ name: word, namespace: word }) }));
const policy = optional(fc.constant({ local: {} }));

const modernExport = fc.record({
  apiVersion: fc.constant(V2),
  kind: fc.constant('APIExport'),
  metadata: fc.record({ name: word, annotations }),
  spec: optional(
    fc.record({
      resources: optional(resources),
      identity,
      maximalPermissionPolicy: policy,
      permissionClaims: optional(modernAsked),
    }),
  ),
  status: optional(fc.record({ identityHash: hash })),
});
const legacyExport = fc.record({
  apiVersion: fc.constant(V1),
  kind: fc.constant('APIExport'),
  metadata: fc.record({ name: word, annotations }),
  spec: optional(
    fc.record({
      latestResourceSchemas: optional(
        fc.uniqueArray(
          fc.tuple(word, word, group).map(([prefix, name, of]) => `${prefix}.${name}.${of || 'core'}`),
          { maxLength: 4 },
        ),
      ),
      identity,
      maximalPermissionPolicy: policy,
      permissionClaims: optional(legacyAsked),
    }),
  ),
});
const modernBinding = fc.record({
  apiVersion: fc.constant(V2),
  kind: fc.constant('APIBinding'),
  metadata: fc.record({ name: word, annotations }),
  spec: fc.record({
    reference: fc.record({ export: fc.record({ name: word, path: optional(word) }) }),
    permissionClaims: optional(modernAnswered),
  }),
  status: optional(
    fc.record({
      exportPermissionClaims: optional(modernAsked),
      appliedPermissionClaims: optional(modernGranted),
    }),
  ),
});
const legacyParts = {
  kind: fc.constant('APIBinding'),
  metadata: fc.record({ name: word, annotations }),
  status: optional(
    fc.record({
      exportPermissionClaims: optional(legacyAsked),
      appliedPermissionClaims: optional(legacyAsked),
    }),
  ),
};
const legacyBinding = fc.record({
  apiVersion: fc.constant(V1),
  ...legacyParts,
  spec: fc.record({
    reference: fc.record({ export: fc.record({ name: word, path: optional(word) }) }),
    permissionClaims: optional(legacyAnswered),
  }),
});
const firstBinding = fc.record({
  apiVersion: fc.constant(FIRST),
  ...legacyParts,
  spec: fc.record({
    reference: fc.record({ workspace: fc.record({ exportName: word, path: optional(word) }) }),
    permissionClaims: optional(legacyAnswered),
  }),
});
