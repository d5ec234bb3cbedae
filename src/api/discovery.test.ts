import { describe, expect, test } from 'vitest';
import { builtinDefinition, builtinDefinitions, definitionSet } from '../definitions/mod.ts';
import { encodeJson, isObject, type JsonObject } from '../machinery/mod.ts';
import {
  aggregatedDiscovery,
  aggregatedETag,
  legacyCoreVersions,
  legacyGroup,
  legacyGroupList,
  legacyResourceList,
  rootPaths,
  storageVersionHash,
} from './discovery.ts';
import { customFixture, namesFixture, versionFixture } from './discovery-fixtures.suite.ts';

const builtins = definitionSet(builtinDefinitions);

describe('definition sets', () => {
  test('have the same hash whatever the order of their definitions', () => {
    const reversed = [...builtinDefinitions].reverse();
    expect(definitionSet(reversed).hash).toBe(builtins.hash);
  });

  test('have another hash when one definition is added or changed', () => {
    const one = definitionSet([customFixture()]);
    const terminating = definitionSet([customFixture({ isTerminating: true })]);
    expect(new Set([definitionSet([]).hash, one.hash, terminating.hash]).size).toBe(3);
  });
});

describe('legacy discovery', () => {
  test('lists the core versions without an apiVersion, as historic clients expect', () => {
    expect(encodeJson(legacyCoreVersions('localhost:6443'))).toBe(
      '{"kind":"APIVersions","serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"localhost:6443"}],"versions":["v1"]}',
    );
  });

  test('lists built-in groups by priority, then custom groups by name, without the core group', () => {
    const set = definitionSet([
      customFixture({ group: 'zoo.example.com' }),
      customFixture({ group: 'apple.example.com' }),
      ...builtinDefinitions,
    ]);
    const names = objects(legacyGroupList(set)['groups']).map((group) => group['name']);
    expect(names).toEqual([
      'events.k8s.io',
      'authentication.k8s.io',
      'authorization.k8s.io',
      'rbac.authorization.k8s.io',
      'apiextensions.k8s.io',
      'coordination.k8s.io',
      'apple.example.com',
      'zoo.example.com',
    ]);
  });

  test('orders the versions of a group as Kubernetes does and prefers the first', () => {
    const names = [
      'foo1',
      'v10beta3',
      'v1',
      'v11alpha2',
      'v10',
      'foo10',
      'v11beta2',
      'v2',
      'v3beta1',
      'v12alpha1',
    ];
    const set = definitionSet(
      names.map((name) =>
        customFixture({ names: namesFixture(`Kind${name}`), versions: [versionFixture(name)] }),
      ),
    );
    const group = legacyGroup(set, 'example.com');
    const versions = objects(group?.['versions']).map((version) => version['version']);
    expect(versions).toEqual([
      'v10',
      'v2',
      'v1',
      'v11beta2',
      'v10beta3',
      'v3beta1',
      'v12alpha1',
      'v11alpha2',
      'foo1',
      'foo10',
    ]);
    expect(group?.['preferredVersion']).toEqual({ groupVersion: 'example.com/v10', version: 'v10' });
    expect(group?.['apiVersion']).toBe('v1');
  });

  test('knows neither groups nor versions that nothing serves', () => {
    const set = definitionSet([
      customFixture({ versions: [versionFixture('v1'), versionFixture('v2', { served: false })] }),
      customFixture({ group: 'gone.example.com', versions: [versionFixture('v1', { served: false })] }),
    ]);
    expect(legacyGroup(set, 'gone.example.com')).toBeUndefined();
    expect(legacyGroup(set, '')).toBeUndefined();
    expect(legacyResourceList(set, 'example.com', 'v2')).toBeUndefined();
    expect(legacyResourceList(set, 'example.com', 'v1')).toBeDefined();
    expect(objects(legacyGroup(set, 'example.com')?.['versions'])).toHaveLength(1);
  });

  test('lists a custom resource with its subresources, and scale as autoscaling/v1 Scale', () => {
    const set = definitionSet([
      customFixture({
        names: { ...namesFixture('Foo'), shortNames: ['fo'], categories: ['all'] },
        versions: [
          versionFixture('v1', {
            subresources: [
              { name: 'status', verbs: ['get', 'patch', 'update'] },
              {
                name: 'scale',
                verbs: ['get', 'patch', 'update'],
                kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
              },
            ],
          }),
        ],
      }),
    ]);
    expect(legacyResourceList(set, 'example.com', 'v1')).toEqual({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'example.com/v1',
      resources: [
        {
          name: 'foos',
          singularName: 'foo',
          namespaced: true,
          kind: 'Foo',
          verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
          shortNames: ['fo'],
          categories: ['all'],
          storageVersionHash: storageVersionHash(customFixture()),
        },
        {
          name: 'foos/status',
          singularName: '',
          namespaced: true,
          kind: 'Foo',
          verbs: ['get', 'patch', 'update'],
        },
        {
          name: 'foos/scale',
          singularName: '',
          namespaced: true,
          group: 'autoscaling',
          version: 'v1',
          kind: 'Scale',
          verbs: ['get', 'patch', 'update'],
        },
      ],
    });
  });

  test('offers no creation or change of a kind that is being deleted', () => {
    const set = definitionSet([customFixture({ isTerminating: true })]);
    const verbs = ['delete', 'deletecollection', 'get', 'list', 'watch'];
    expect(objects(legacyResourceList(set, 'example.com', 'v1')?.['resources'])[0]?.['verbs']).toEqual(verbs);
    const items = objects(aggregatedDiscovery(set, { path: '/apis', version: 'v2' })['items']);
    const resource = objects(objects(items[0]?.['versions'])[0]?.['resources'])[0];
    expect(resource?.['verbs']).toEqual(verbs);
  });

  test('gives storage version hashes as upstream does, the same for both APIs of events', () => {
    const hashOf = (group: string, version: string, name: string) =>
      objects(legacyResourceList(builtins, group, version)?.['resources']).find(
        (resource) => resource['name'] === name,
      )?.['storageVersionHash'];
    expect(hashOf('', 'v1', 'configmaps')).toBe('qFsyl6wFWjQ=');
    expect(hashOf('', 'v1', 'secrets')).toBe('S6u1pOWzb84=');
    expect(hashOf('', 'v1', 'events')).toBe('r2yiGXH7wu8=');
    expect(hashOf('events.k8s.io', 'v1', 'events')).toBe('r2yiGXH7wu8=');
    expect(hashOf('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')).toBe('jfWCUB31mvA=');
    expect(hashOf('authorization.k8s.io', 'v1', 'subjectaccessreviews')).toBeUndefined();
  });

  test('lists built-in resources in order of name with a singular name for each', () => {
    const resources = objects(legacyResourceList(builtins, '', 'v1')?.['resources']);
    const names = resources.map((resource) => String(resource['name']));
    expect(names).toEqual([...names].sort());
    expect(names).toContain('namespaces/finalize');
    for (const resource of resources) {
      if (!String(resource['name']).includes('/')) expect(resource['singularName']).not.toBe('');
      expect(Array.isArray(resource['verbs'])).toBe(true);
      expect(typeof resource['namespaced']).toBe('boolean');
    }
    const token = resources.find((resource) => resource['name'] === 'serviceaccounts/token');
    expect(token).toMatchObject({ group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' });
  });

  test('lists the paths that exist at the root, sorted', () => {
    const paths = rootPaths(definitionSet([...builtinDefinitions, customFixture()]))['paths'] as string[];
    expect(paths).toEqual([...paths].sort());
    expect(paths).toEqual(
      expect.arrayContaining(['/api', '/api/v1', '/apis/example.com', '/apis/example.com/v1', '/openapi/v3']),
    );
    expect(paths).not.toContain('/apis//v1');
  });
});

describe('aggregated discovery', () => {
  const set = definitionSet([...builtinDefinitions, customFixture()]);

  test('answers for the core group alone at /api and for all others at /apis', () => {
    const core = objects(aggregatedDiscovery(set, { path: '/api', version: 'v2' })['items']);
    const others = objects(aggregatedDiscovery(set, { path: '/apis', version: 'v2' })['items']);
    expect(core).toHaveLength(1);
    expect(core[0]?.['metadata']).toEqual({});
    const names = others.map((item) => (item['metadata'] as JsonObject)['name']);
    expect(names[0]).toBe('events.k8s.io');
    expect(names.at(-1)).toBe('example.com');
  });

  test('holds the same resources, verbs and order as legacy discovery', () => {
    for (const item of aggregatedItems(set)) {
      const group = String((item['metadata'] as JsonObject)['name'] ?? '');
      for (const version of objects(item['versions'])) {
        const names: string[] = [];
        for (const resource of objects(version['resources'])) {
          names.push(String(resource['resource']));
          for (const part of objects(resource['subresources'] ?? [])) {
            names.push(`${String(resource['resource'])}/${String(part['subresource'])}`);
          }
        }
        const legacy = legacyResourceList(set, group, String(version['version']));
        expect(names).toEqual(objects(legacy?.['resources']).map((resource) => resource['name']));
        expect(version['freshness']).toBe('Current');
      }
    }
  });

  test('names the kind of every response, with group and version for custom kinds alone', () => {
    for (const item of aggregatedItems(set)) {
      const group = (item['metadata'] as JsonObject)['name'] ?? '';
      for (const version of objects(item['versions'])) {
        for (const resource of objects(version['resources'])) {
          const isBuiltin = builtinDefinition(String(group), String(resource['resource'])) !== undefined;
          const named = isBuiltin ? { group: '', version: '' } : { group, version: version['version'] };
          expect(resource['responseKind']).toMatchObject(named);
          expect(['Namespaced', 'Cluster']).toContain(resource['scope']);
        }
      }
    }
  });

  test('differs between v2 and v2beta1 in the apiVersion only', () => {
    const stable = aggregatedDiscovery(set, { path: '/apis', version: 'v2' });
    const beta = aggregatedDiscovery(set, { path: '/apis', version: 'v2beta1' });
    expect(stable['apiVersion']).toBe('apidiscovery.k8s.io/v2');
    expect(beta['apiVersion']).toBe('apidiscovery.k8s.io/v2beta1');
    expect(beta['items']).toEqual(stable['items']);
  });

  test('is made once for sets of equal hash', () => {
    const again = definitionSet([...builtinDefinitions, customFixture()]);
    const options = { path: '/apis', version: 'v2' } as const;
    expect(aggregatedDiscovery(again, options)).toBe(aggregatedDiscovery(set, options));
  });

  test('has an entity tag of quoted upper-case SHA-512 that follows the text', () => {
    expect(aggregatedETag('{}')).toMatch(/^"[0-9A-F]{128}"$/);
    expect(aggregatedETag('{}')).not.toBe(aggregatedETag('{ }'));
  });
});

function aggregatedItems(set: ReturnType<typeof definitionSet>): JsonObject[] {
  return (['/api', '/apis'] as const).flatMap((path) =>
    objects(aggregatedDiscovery(set, { path, version: 'v2' })['items']),
  );
}

function objects(value: unknown): JsonObject[] {
  expect(Array.isArray(value)).toBe(true);
  return (value as JsonObject[]).filter(isObject);
}
