import { describe, expect, test } from 'vitest';
import { canEncodeProtobuf } from '../../machinery/mod.ts';
import { contextOf, json, kubeObject, plain, texts } from './kinds.suite.ts';
import { builtinDefinition, builtinDefinitions, components } from './mod.ts';

const definitionOf = (group: string, resource: string) => builtinDefinition(group, resource)!;
const key = ({ group, names }: (typeof builtinDefinitions)[number]) => `${names.plural}.${group}`;

describe('the built-in definitions', () => {
  test('each kind, its list, and what its subresources take have a protobuf form', () => {
    const missing = builtinDefinitions.flatMap(({ group, names, versions, isVirtual }) =>
      versions.flatMap(({ name, subresources }) => {
        const apiVersion = group === '' ? name : `${group}/${name}`;
        const own = isVirtual ? [names.kind] : [names.kind, names.listKind];
        const parts = subresources.flatMap(({ kind }) =>
          kind === undefined ? [] : [[`${kind.group}/${kind.version}`, kind.kind] as const],
        );
        return [...own.map((kind) => [apiVersion, kind] as const), ...parts].filter(
          ([version, kind]) => !canEncodeProtobuf(version, kind),
        );
      }),
    );
    expect(missing).toEqual([]);
  });

  test('each kind has a name, verbs in order, a published component and a list', () => {
    expect(new Set(builtinDefinitions.map(key)).size).toBe(builtinDefinitions.length);
    for (const definition of builtinDefinitions) {
      const { names, verbs, versions } = definition;
      expect(builtinDefinition(definition.group, names.plural)).toBe(definition);
      expect(names.singular).toBe(names.kind.toLowerCase());
      expect([...verbs].sort()).toEqual(verbs);
      const component = definition.components[versions[0]!.name]!;
      expect(components).toHaveProperty([component]);
      if (definition.isVirtual) expect(verbs).toEqual(['create']);
      else expect(components).toHaveProperty([`${component}List`]);
    }
  });

  test('namespaces have no deletecollection, all other stored kinds have all verbs', () => {
    for (const definition of builtinDefinitions) {
      if (definition.isVirtual) continue;
      expect(definition.verbs, key(definition)).toHaveLength(definition.names.kind === 'Namespace' ? 7 : 8);
    }
  });

  test('subresources are those of upstream', () => {
    const subresources = builtinDefinitions.flatMap((definition) =>
      definition.versions.flatMap((version) =>
        version.subresources.map(({ name, verbs }) => `${definition.names.plural}/${name} ${verbs.join()}`),
      ),
    );
    expect(subresources.sort()).toEqual([
      'customresourcedefinitions/status get,patch,update',
      'namespaces/finalize update',
      'namespaces/status get,patch,update',
      'resourcequotas/status get,patch,update',
      'serviceaccounts/token create',
    ]);
  });

  test('hashes are stable and differ', () => {
    const hashes = builtinDefinitions.map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(hashes.length);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(builtinDefinitions.map(({ hash }) => hash)).toEqual(hashes);
  });

  test('both event APIs share one store, and convert', () => {
    const events = definitionOf('events.k8s.io', 'events');
    expect(events.storedAs).toEqual({ group: '', resource: 'events' });
    const object = kubeObject({ apiVersion: 'events.k8s.io/v1', note: 'n' });
    events.decode(object, 'v1');
    const stored = events.toStorage!(object);
    const decoded = structuredClone(plain(stored));
    definitionOf('', 'events').decode(stored, 'v1');
    expect(plain(stored)).toEqual(decoded);
    expect(plain(events.convert!(stored, 'v1'))).toEqual(plain(object));
  });

  test('every kind has a printer and answers for its field labels', () => {
    for (const definition of builtinDefinitions) {
      expect(definition.printer('v1').columns.length, key(definition)).toBeGreaterThan(0);
      const values = definition.selectable(kubeObject({}));
      for (const label of definition.fieldLabels('v1'))
        expect(values, key(definition)).toHaveProperty([label]);
    }
  });

  test('only these kinds refuse unconditional updates, create on update, or count generations', () => {
    const kindsWith = (is: (definition: (typeof builtinDefinitions)[number]) => boolean) =>
      builtinDefinitions.filter((definition) => !definition.isVirtual && is(definition)).map(key);
    expect(kindsWith(({ strategy }) => !strategy.allowsUnconditionalUpdate).sort()).toEqual([
      'customresourcedefinitions.apiextensions.k8s.io',
      'leases.coordination.k8s.io',
    ]);
    expect(kindsWith(({ strategy }) => strategy.hasGeneration)).toEqual([
      'customresourcedefinitions.apiextensions.k8s.io',
    ]);
    expect(kindsWith(({ strategy }) => strategy.allowsCreateOnUpdate).sort()).toEqual([
      'clusterrolebindings.rbac.authorization.k8s.io',
      'clusterroles.rbac.authorization.k8s.io',
      'events.',
      'events.events.k8s.io',
      'leases.coordination.k8s.io',
      'limitranges.',
      'rolebindings.rbac.authorization.k8s.io',
      'roles.rbac.authorization.k8s.io',
    ]);
  });

  test('decoding sets the defaults of the kind', () => {
    const secret = kubeObject({ stringData: { a: 'b' } });
    definitionOf('', 'secrets').decode(secret, 'v1');
    expect(plain(secret)).toMatchObject({ type: 'Opaque', data: { a: 'Yg==' } });
    const namespace = kubeObject({});
    definitionOf('', 'namespaces').decode(namespace, 'v1');
    expect(plain(namespace)).toMatchObject({ metadata: { labels: { 'kubernetes.io/metadata.name': 'a' } } });
  });
});

describe('CustomResourceDefinition', () => {
  const { strategy, decode } = definitionOf('apiextensions.k8s.io', 'customresourcedefinitions');
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const version = (name: string, storage: boolean) => ({ name, served: true, storage, schema });
  const crd = (versions: object[], more: object = {}) => {
    const object = kubeObject({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions,
      },
      ...more,
    });
    object.metadata = json({ name: 'widgets.example.com' }) as typeof object.metadata;
    decode(object, 'v1');
    return object;
  };
  const created = () => {
    const object = crd([version('v1', true)], { status: { storedVersions: ['v9'] } });
    strategy.prepareForCreate(object, contextOf());
    return object;
  };

  test('a new one has defaults, generation 1 and its storage version in the status', () => {
    const object = created();
    expect(texts(strategy.validateCreate(object, contextOf()))).toEqual([]);
    expect(plain(object)).toMatchObject({
      metadata: { generation: 1 },
      spec: { names: { singular: 'widget', listKind: 'WidgetList' }, conversion: { strategy: 'None' } },
      status: { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: ['v1'] },
    });
  });

  test('a changed spec counts the generation up, and a new storage version joins the old ones', () => {
    const old = created();
    const same = crd([version('v1', true)], { status: {} });
    strategy.prepareForUpdate(same, old, contextOf());
    expect(same.metadata.generation).toBe(1);
    expect(plain(same['status'])).toEqual(plain(old['status']));
    const next = crd([version('v1', false), version('v2', true)]);
    strategy.prepareForUpdate(next, old, contextOf());
    expect(next.metadata.generation).toBe(2);
    expect(plain(next['status'])).toMatchObject({ storedVersions: ['v1', 'v2'] });
    expect(texts(strategy.validateUpdate(next, old, contextOf()))).toEqual([]);
  });

  test('through /status the spec is not written', () => {
    const old = created();
    const next = crd([], { status: { conditions: [{ type: 'X', status: 'True' }], storedVersions: ['v1'] } });
    strategy.prepareForUpdate(next, old, contextOf('status'));
    expect(plain(next['spec'])).toEqual(plain(old['spec']));
    expect(plain(next['status'])).toMatchObject({ conditions: [{ type: 'X', status: 'True' }] });
  });

  test('its rules are checked', () => {
    const object = crd([version('v1', false)]);
    strategy.prepareForCreate(object, contextOf());
    expect(texts(strategy.validateCreate(object, contextOf())).join('\n')).toContain(
      'must have exactly one version marked as storage version',
    );
  });
});
