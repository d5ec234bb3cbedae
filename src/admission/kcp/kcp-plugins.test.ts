import { describe, expect, test } from 'vitest';
import { type Definition, ownDefinition } from '../../definitions/mod.ts';
import { type KubeObject, parseJson } from '../../machinery/mod.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../chain.ts';
import { requestOf, verdictOf } from '../request.suite.ts';
import { apiBindings } from './api-binding.ts';
import { apiExports } from './api-export.ts';
import { apiResourceSchemas } from './api-resource-schema.ts';
import { shards } from './shard.ts';
import { workspaceTypes } from './workspace-type.ts';

const kube = (value: unknown): KubeObject => parseJson(JSON.stringify(value)).value as KubeObject;

function judged(
  plugin: AdmissionPlugin,
  kind: readonly [group: string, resource: string],
  request: { readonly object: unknown; readonly old?: unknown } & Omit<Partial<AdmissionRequest>, 'object'>,
): Promise<string | undefined> {
  const { object, old, ...rest } = request;
  const oldObject = old === undefined ? undefined : kube(old);
  return verdictOf(
    plugin,
    requestOf({
      definition: ownDefinition(...kind) as Definition,
      operation: old === undefined ? 'CREATE' : 'UPDATE',
      ...rest,
      object: kube(object),
      oldObject,
    }),
  );
}

describe('an APIResourceSchema', () => {
  const spec = {
    group: 'example.com',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    scope: 'Cluster',
    versions: [{ name: 'v1', served: true, storage: true, schema: { type: 'object' } }],
  };
  const schema = (name: string, changes: object = {}, metadata: object = {}) => ({
    metadata: { name, ...metadata },
    spec: { ...spec, ...changes },
  });
  const judge = (object: unknown, old?: unknown) =>
    judged(apiResourceSchemas, ['apis.kcp.io', 'apiresourceschemas'], {
      name: 'today.widgets.example.com',
      object,
      ...(old === undefined ? {} : { old }),
    });
  const prefix = '403 apiresourceschemas.apis.kcp.io "today.widgets.example.com" is forbidden: ';

  test('is admitted when it could be served', async () => {
    expect(await judge(schema('today.widgets.example.com'))).toBeUndefined();
    const core = schema('today.widgets.core', { group: '' });
    expect(await judge(core)).toBeUndefined();
  });

  test('is called after what it is about', async () => {
    expect(await judge(schema('widgets.example.com'))).toBe(
      `${prefix}[metadata.name: Invalid value: "widgets.example.com": must end in .widgets.example.com]`,
    );
    expect(await judge(schema('2.widgets.example.com'))).toContain(
      'must match ^[a-z]([-a-z0-9]*[a-z0-9])?$ in front of .widgets.example.com',
    );
  });

  test('has one version in which objects are stored, and structural schemas', async () => {
    const versions = [
      { name: 'v1', served: true, storage: false, schema: { type: 'object' } },
      { name: 'v2', served: true, storage: false, schema: { properties: { a: { type: 'string' } } } },
    ];
    const verdict = await judge(
      schema('today.widgets.example.com', { versions, conversion: { strategy: 'None' } }),
    );
    expect(verdict).toContain('must have exactly one version marked as storage version');
    expect(verdict).toContain(
      'spec.versions[1].schema.openAPIV3Schema.type: Required value: must not be empty at the root',
    );
  });

  test('has rules that can be compiled', async () => {
    const rule = { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.nothing > 1' }] };
    const versions = [{ name: 'v1', served: true, storage: true, schema: rule }];
    expect(await judge(schema('today.widgets.example.com', { versions }))).toContain(
      'spec.versions[0].schema.openAPIV3Schema.x-kubernetes-validations[0].rule',
    );
  });

  test('in a group of Kubernetes says who approved it', async () => {
    const verdict = await judge(schema('today.widgets.x.k8s.io', { group: 'x.k8s.io' }));
    expect(verdict).toContain('metadata.annotations[api-approved.kubernetes.io]: Required value');
    const metadata = { annotations: { 'api-approved.kubernetes.io': 'unapproved, of the test' } };
    expect(await judge(schema('today.widgets.x.k8s.io', { group: 'x.k8s.io' }, metadata))).toBeUndefined();
  });

  test('does not change', async () => {
    const old = schema('today.widgets.example.com');
    expect(await judge({ ...old, metadata: { ...old.metadata, labels: { a: 'b' } } }, old)).toBeUndefined();
    expect(await judge(schema('today.widgets.example.com', { scope: 'Namespaced' }), old)).toMatch(
      /^403 .*\[spec: Invalid value: .*: is immutable\]$/,
    );
  });
});

describe('an APIExport', () => {
  const judge = (spec: object, given?: object) =>
    judged(apiExports, ['apis.kcp.io', 'apiexports'], {
      name: 'a',
      object: { metadata: { name: 'a' }, spec },
      ...(given === undefined ? {} : { givenObject: kube(given) }),
    });

  test('claims kinds of others only by their identity', async () => {
    expect(
      await judge({ permissionClaims: [{ group: '', resource: 'secrets', verbs: ['*'] }] }),
    ).toBeUndefined();
    expect(
      await judge({ permissionClaims: [{ group: 'example.com', resource: 'widgets', verbs: ['*'] }] }),
    ).toBe(
      '403 apiexports.apis.kcp.io "a" is forbidden: spec.permissionClaims[0].identityHash: Invalid value: "": identityHash is required for API types that are not built-in',
    );
  });

  test('names schemas that are about what it says they are', async () => {
    const resource = { group: 'example.com', name: 'widgets', schema: 'v1.gadgets.example.com' };
    expect(await judge({ resources: [resource] })).toContain(
      'spec.resources[0].schema: Invalid value: "v1.gadgets.example.com": must end in .widgets.example.com',
    );
  });

  test('of v1alpha1 has annotations of v1alpha2 that fit', async () => {
    const legacy = (annotation: string, value: unknown, spec: object) => ({
      metadata: { name: 'a', annotations: { [`apis.v1alpha2.kcp.io/${annotation}`]: value } },
      spec,
    });
    const claims = JSON.stringify([{ group: '', resource: 'secrets', verbs: ['get'] }]);
    const spec = { permissionClaims: [{ group: '', resource: 'configmaps', all: true }] };
    expect(await judge({}, legacy('permission-claims', claims, spec))).toContain(
      'permission claims defined in annotation do not match permission claims defined in spec',
    );
    expect(await judge({}, legacy('permission-claims', '{', spec))).toContain(
      'failed to decode overhanging permission claims',
    );
    expect(await judge({}, legacy('resource-schemas', '[1]', {}))).toContain(
      'failed to decode overhanging resource schemas',
    );
    const kept = JSON.stringify([{ group: 'b', name: 'a', schema: 'v1.a.b' }]);
    expect(
      await judge({}, legacy('resource-schemas', kept, { latestResourceSchemas: ['v1.a.b'] })),
    ).toContain('duplicate resource schema');
  });
});

describe('an APIBinding', () => {
  const binding = (claims: readonly object[], phase = '') => ({
    metadata: { name: 'a' },
    spec: { reference: { export: { name: 'x' } }, permissionClaims: claims },
    status: { phase },
  });
  const judge = (object: unknown, old?: unknown, given?: unknown) =>
    judged(apiBindings, ['apis.kcp.io', 'apibindings'], {
      name: 'a',
      object,
      ...(old === undefined ? {} : { old }),
      ...(given === undefined ? {} : { givenObject: kube(given) }),
    });
  const claim = { group: '', resource: 'secrets', verbs: ['*'], state: 'Accepted' };

  test('selects by labels, or all, and not both', async () => {
    expect(await judge(binding([{ ...claim, selector: { matchAll: true } }]))).toBeUndefined();
    expect(await judge(binding([{ ...claim, selector: { matchLabels: { a: 'b' } } }]))).toBeUndefined();
    expect(await judge(binding([{ ...claim, selector: {} }]))).toBe(
      '403 apibindings.apis.kcp.io "a" is forbidden: [spec.permissionClaims[0].selector: Required value: either one of matchAll, matchLabels, or matchExpressions must be set]',
    );
    expect(
      await judge(binding([{ ...claim, selector: { matchAll: true, matchLabels: { a: 'b' } } }])),
    ).toContain('spec.permissionClaims[0].selector.matchLabels');
  });

  test('answers each claim once', async () => {
    const all = { ...claim, selector: { matchAll: true } };
    expect(await judge(binding([all, all]))).toContain('spec.permissionClaims[1]: Duplicate value');
  });

  test('of v1alpha1 cannot accept a claim for objects by their names', async () => {
    const named = (state: string) =>
      binding([{ resource: 'secrets', state, resourceSelector: [{ name: 'x' }] }]);
    expect(await judge(binding([]), undefined, named('Accepted'))).toContain(
      'spec.permissionClaims[0].resourceSelector: Forbidden',
    );
    expect(await judge(binding([]), undefined, named('Rejected'))).toBeUndefined();
  });

  test('does not go back to the beginning', async () => {
    expect(await judge(binding([], ''), binding([], 'Bound'))).toContain(
      'status.phase: Forbidden: cannot transition from "Bound" to ""',
    );
  });
});

describe('a WorkspaceType', () => {
  const judge = (name: string, spec: object) =>
    judged(workspaceTypes, ['tenancy.kcp.io', 'workspacetypes'], {
      name,
      object: { metadata: { name }, spec },
    });

  test('called root is in the root alone', async () => {
    expect(await judge('root', {})).toBe(
      '403 workspacetypes.tenancy.kcp.io "root" is forbidden: root workspace type can only be created in root cluster',
    );
  });

  test('says where the types are that it names', async () => {
    expect(await judge('a', { defaultChildWorkspaceType: { name: 'b' } })).toContain(
      '.spec.defaultChildWorkspaceType.path must be set',
    );
    const types = [{ name: 'b', path: 'root' }, { name: 'c' }];
    expect(await judge('a', { limitAllowedParents: { types } })).toContain(
      '.spec.limitAllowedParents.types[1].path must be set',
    );
  });
});

test('a Shard is reached at its base URL if it does not say otherwise', async () => {
  const object = kube({ metadata: { name: 'a' }, spec: { baseURL: 'https://a', externalURL: 'https://b' } });
  const definition = ownDefinition('core.kcp.io', 'shards') as Definition;
  expect(await verdictOf(shards, requestOf({ definition, object }))).toBeUndefined();
  expect(object['spec']).toEqual({
    baseURL: 'https://a',
    externalURL: 'https://b',
    virtualWorkspaceURL: 'https://a',
  });
});
