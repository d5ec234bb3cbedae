import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { CRDS, type CustomKind, crdOf, useMember } from './suite.ts';

const fixture = useMember();

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

function conditionsOf(crd: KubeObject): readonly Condition[] {
  return (crd['status'] as { conditions?: readonly Condition[] } | undefined)?.conditions ?? [];
}

function print({ type, status, reason, message }: Condition): string {
  return `${type} ${status} ${reason}: ${message}`;
}

function group(): string {
  return `${fixture.name('crd-')}.example.com`;
}

/** Creates a definition and waits until it has been judged. */
async function judged(custom: CustomKind): Promise<KubeObject> {
  await fixture.client.create(CRDS, crdOf(custom));
  const path = `${CRDS}/${custom.plural}.${custom.group}`;
  return fixture.client.until(path, (crd) => conditionsOf(crd).length > 1);
}

describe('a definition: its life', () => {
  test('begins without conditions, with its defaults and its storage version', async () => {
    const custom = { group: group(), plural: 'things', kind: 'Thing' };
    const created = await fixture.client.create(CRDS, {
      ...crdOf(custom),
      status: { storedVersions: ['v7'], conditions: [{ type: 'Established', status: 'True' }] },
    });
    expect(created.metadata.generation).toBe(1);
    expect(created).toMatchObject({
      spec: {
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        conversion: { strategy: 'None' },
      },
      status: { storedVersions: ['v1'] },
    });
    expect(conditionsOf(created)).toEqual([]);
  });

  test('goes on with accepted names and Established, both dated', async () => {
    const custom = { group: group(), plural: 'things', kind: 'Thing', shortNames: ['th'] };
    const crd = await judged(custom);
    const established = await fixture.client.until(`${CRDS}/${crd.metadata.name}`, (found) =>
      conditionsOf(found).some(({ type, status }) => type === 'Established' && status === 'True'),
    );
    expect(conditionsOf(established).map(print)).toEqual([
      'NamesAccepted True NoConflicts: no conflicts found',
      'Established True InitialNamesAccepted: the initial names have been accepted',
    ]);
    for (const { lastTransitionTime } of conditionsOf(established)) {
      expect(lastTransitionTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
    expect(established['status']).toMatchObject({
      acceptedNames: {
        plural: 'things',
        singular: 'thing',
        kind: 'Thing',
        listKind: 'ThingList',
        shortNames: ['th'],
      },
    });
    // Established means that it can be used at once.
    await fixture.client.create(`/apis/${custom.group}/v1/namespaces/default/things`, {
      apiVersion: `${custom.group}/v1`,
      kind: 'Thing',
      metadata: { name: 'a' },
    });
    expect(await fixture.client.get(`/apis/${custom.group}/v1`)).toMatchObject({
      resources: [
        {
          name: 'things',
          singularName: 'thing',
          kind: 'Thing',
          shortNames: ['th'],
          namespaced: true,
          verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
        },
      ],
    });
  });

  test.each([
    ['ListKindConflict', '"ThingList" is already in use', { plural: 'others', kind: 'Thing' }],
    ['ShortNamesConflict', '"th" is already in use', { plural: 'others', kind: 'Other', shortNames: ['th'] }],
  ])('stops at %s', async (reason, message, other) => {
    const owner = { group: group(), plural: 'things', kind: 'Thing', shortNames: ['th'] };
    await fixture.define(owner);
    const crd = await judged({ ...other, group: owner.group });
    expect(conditionsOf(crd).map(print)).toEqual([
      `NamesAccepted False ${reason}: ${message}`,
      'Established False NotAccepted: not all names are accepted',
    ]);
    expect((await fixture.client.call(`/apis/${owner.group}/v1/others`)).status).toBe(404);
    // The names are free once their owner is gone.
    await fixture.client.delete(`${CRDS}/things.${owner.group}`);
    await fixture.client.until(`/apis/${owner.group}/v1/others`, (_list, status) => status === 200);
  });

  test('gets a name that becomes free before all others that wait for it, or waits on', async () => {
    const name = group();
    await fixture.define({ group: name, plural: 'things', kind: 'Thing' });
    const rivals = ['as', 'bs', 'cs', 'ds'];
    await Promise.all(rivals.map((plural) => judged({ group: name, plural, kind: 'Thing' })));
    await fixture.client.delete(`${CRDS}/things.${name}`);
    await fixture.client.untilGone(`${CRDS}/things.${name}`);
    const accepted = async (): Promise<string[]> => {
      const crds = await Promise.all(rivals.map((plural) => fixture.client.get(`${CRDS}/${plural}.${name}`)));
      const isAccepted = ({ type, status }: Condition) => type === 'NamesAccepted' && status === 'True';
      return crds.filter((crd) => conditionsOf(crd).some(isAccepted)).map(({ metadata }) => metadata.name);
    };
    await expect.poll(accepted, { timeout: 10_000 }).toHaveLength(1);
    const [winner] = await accepted();
    const plural = winner!.split('.')[0]!;
    await fixture.client.until(`/apis/${name}/v1/${plural}`, (_list, status) => status === 200);
    expect(await accepted()).toEqual([winner]);
  });

  test('ends when its objects have: creations are refused, discovery says so, what is held stays readable', async () => {
    const custom = { group: group(), plural: 'things', kind: 'Thing' };
    await fixture.define(custom);
    const crd = `${CRDS}/things.${custom.group}`;
    const path = `/apis/${custom.group}/v1/namespaces/default/things`;
    const thing = (name: string, finalizers?: readonly string[]) => ({
      apiVersion: `${custom.group}/v1`,
      kind: 'Thing',
      metadata: { name, finalizers },
    });
    await fixture.client.create(path, thing('free'));
    await fixture.client.create(path, thing('held', ['test.example.com/hold']));
    const deleted = await fixture.client.delete(crd);
    expect(deleted.metadata.finalizers).toContain('customresourcecleanup.apiextensions.k8s.io');
    // Upstream deletes definitions in a way of its own, which touches neither of these.
    expect(deleted.metadata.generation).toBe(1);
    expect(deleted.metadata).not.toHaveProperty('deletionGracePeriodSeconds');
    expect(conditionsOf(deleted).map(print)).toContain(
      'Terminating True InstanceDeletionPending: CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    );
    const late = await fixture.client.refuse(403, path, { method: 'POST', body: thing('late') });
    expect(late.message).toBe(
      `things.${custom.group} "late" is forbidden: create not allowed while custom resource definition is terminating`,
    );
    const progress = await fixture.client.until(crd, (found) =>
      conditionsOf(found).some(({ reason }) => reason === 'InstanceDeletionInProgress'),
    );
    expect(conditionsOf(progress).map(print)).toContain(
      'Terminating True InstanceDeletionInProgress: CustomResource deletion is in progress',
    );
    await fixture.client.untilGone(`${path}/free`);
    expect(await fixture.client.get(`/apis/${custom.group}/v1`)).toMatchObject({
      resources: [{ verbs: ['delete', 'deletecollection', 'get', 'list', 'watch'] }],
    });
    expect((await fixture.client.list(path)).items.map(({ metadata }) => metadata.name)).toEqual(['held']);
    await fixture.client.patch(`${path}/held`, { metadata: { finalizers: null } });
    await fixture.client.untilGone(crd);
    for (const gone of [path, `/apis/${custom.group}/v1`, `/apis/${custom.group}`]) {
      expect((await fixture.client.call(gone)).text).toBe('404 page not found\n');
    }
    // A definition of the same name begins empty.
    await fixture.define(custom);
    expect((await fixture.client.list(path)).items).toEqual([]);
  });
});

describe('a definition: its versions', () => {
  test('that are served appear in kube-aware order, and others are 404', async () => {
    const name = group();
    const versions = ['v1beta1', 'v1', 'v2alpha1', 'v10', 'v2'].map((version) => ({ name: version }));
    await fixture.define({
      group: name,
      plural: 'things',
      kind: 'Thing',
      versions: [...versions, { name: 'v11', served: false }],
    });
    const found = await fixture.client.get(`/apis/${name}`);
    const order = ['v10', 'v2', 'v1', 'v1beta1', 'v2alpha1'];
    expect(found).toMatchObject({
      kind: 'APIGroup',
      versions: order.map((version) => ({ groupVersion: `${name}/${version}`, version })),
      preferredVersion: { version: 'v10' },
    });
    expect((await fixture.client.call(`/apis/${name}/v11`)).text).toBe('404 page not found\n');
    expect((await fixture.client.call(`/apis/${name}/v11/things`)).text).toBe('404 page not found\n');
  });

  test('show the same objects, each under its own apiVersion', async () => {
    const name = group();
    await fixture.define({
      group: name,
      plural: 'things',
      kind: 'Thing',
      versions: [{ name: 'v1' }, { name: 'v2' }],
    });
    const path = (version: string) => `/apis/${name}/${version}/namespaces/default/things`;
    const thing = { apiVersion: `${name}/v2`, kind: 'Thing', metadata: { name: 'a' }, spec: { x: 1 } };
    const wrong = await fixture.client.refuse(400, path('v1'), { method: 'POST', body: thing });
    expect(wrong.message).toBe(
      `the API version in the data (${name}/v2) does not match the expected API version (${name}/v1)`,
    );
    const created = await fixture.client.create(path('v2'), thing);
    expect(created.apiVersion).toBe(`${name}/v2`);
    expect(await fixture.client.get(`${path('v1')}/a`)).toEqual({ ...created, apiVersion: `${name}/v1` });
    expect((await fixture.client.list(path('v2'))).items).toEqual([created]);
  });

  test('that are deprecated warn with every request, in upstream’s words or their own', async () => {
    const name = group();
    await fixture.define({
      group: name,
      plural: 'things',
      kind: 'Thing',
      versions: [
        { name: 'v2' },
        { name: 'v1', deprecated: true },
        { name: 'v1beta1', deprecated: true, deprecationWarning: 'use "another"' },
        { name: 'v3', deprecated: true },
      ],
    });
    const path = (version: string) => `/apis/${name}/${version}/namespaces/default/things`;
    const warning = async (version: string, suffix = '', call = {}) =>
      (await fixture.client.call(`${path(version)}${suffix}`, call)).headers['warning'];
    const expected = `299 - "${name}/v1 Thing is deprecated; use ${name}/v2 Thing"`;
    expect(await warning('v2')).toBeUndefined();
    expect(await warning('v1')).toBe(expected);
    expect(await warning('v1', '/absent')).toBe(expected);
    expect(await warning('v1', '?watch=1&timeoutSeconds=1')).toBe(expected);
    const body = { apiVersion: `${name}/v1`, kind: 'Thing', metadata: { name: 'a' } };
    expect(await warning('v1', '', { method: 'POST', body })).toBe(expected);
    expect(await warning('v1beta1')).toBe('299 - "use \\"another\\""');
    expect(await warning('v3')).toBe(`299 - "${name}/v3 Thing is deprecated"`);
  });

  test('cannot leave while something may be stored in them', async () => {
    const name = group();
    const custom = { group: name, plural: 'things', kind: 'Thing' };
    await fixture.define({ ...custom, versions: [{ name: 'v1' }, { name: 'v2' }] });
    const path = `${CRDS}/things.${name}`;
    const { spec } = crdOf({ ...custom, versions: [{ name: 'v2' }] });
    const flipped = await fixture.client.patch(path, {
      spec: {
        versions: (
          crdOf({ ...custom, versions: [{ name: 'v2' }, { name: 'v1' }] })['spec'] as { versions: unknown }
        ).versions,
      },
    });
    expect(flipped['status']).toMatchObject({ storedVersions: ['v1', 'v2'] });
    const { resourceVersion } = flipped.metadata;
    const body = { ...flipped, spec, metadata: { name: `things.${name}`, resourceVersion } };
    const status = await fixture.client.refuse(422, path, { method: 'PUT', body });
    expect(status.message).toContain(
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
    );
    await fixture.client.patch(`${path}/status`, { status: { storedVersions: ['v2'] } });
    await fixture.client.patch(path, { spec });
    expect((await fixture.client.call(`/apis/${name}/v1`)).status).toBe(404);
  });
});

describe('a custom resource', () => {
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          required: ['size'],
          properties: {
            size: { type: 'integer', minimum: 1 },
            mode: { type: 'string', default: 'fast', enum: ['fast', 'slow'] },
            note: { type: 'string', nullable: true },
            free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      },
    },
  };

  async function kind(): Promise<{
    readonly path: string;
    readonly apiVersion: string;
    readonly crd: string;
  }> {
    const name = group();
    await fixture.define({
      group: name,
      plural: 'things',
      kind: 'Thing',
      versions: [{ name: 'v1', schema }],
    });
    return {
      path: `/apis/${name}/v1/namespaces/default/things`,
      apiVersion: `${name}/v1`,
      crd: `${CRDS}/things.${name}`,
    };
  }

  test('is pruned and defaulted, with warnings for what is lost', async () => {
    const { path, apiVersion } = await kind();
    const body = {
      apiVersion,
      kind: 'Thing',
      metadata: { name: 'a', shape: 'round' },
      spec: { size: 2, other: 1, free: { any: { thing: [1] } } },
      extra: true,
    };
    const reply = await fixture.client.call(path, { method: 'POST', body });
    expect(reply.status).toBe(201);
    expect(reply.headers['warning']).toBe(
      '299 - "unknown field \\"metadata.shape\\"", 299 - "unknown field \\"spec.other\\"", 299 - "unknown field \\"extra\\""'.replace(
        /(299 - .*), (299 - .*), (299 - .*)/,
        (_all, ...lines: string[]) => lines.slice(0, 3).sort().join(', '),
      ),
    );
    const created = JSON.parse(reply.text) as KubeObject;
    expect(created['spec']).toEqual({ size: 2, mode: 'fast', free: { any: { thing: [1] } } });
    expect(created).not.toHaveProperty('extra');
    expect(created.metadata).not.toHaveProperty('shape');
    expect(await fixture.client.get(`${path}/a`)).toEqual(created);
  });

  test('must carry kind and apiVersion, and the right ones', async () => {
    const { path, apiVersion } = await kind();
    const metadata = { name: 'a' };
    for (const [body, code, message] of [
      [{ metadata }, 400, "Object 'Kind' is missing in"],
      [{ apiVersion, metadata }, 400, "Object 'Kind' is missing in"],
      [
        { apiVersion, kind: 'Other', metadata, spec: { size: 1 } },
        422,
        'kind: Invalid value: "Other": must be Thing',
      ],
    ] as const) {
      const status = await fixture.client.refuse(code, path, { method: 'POST', body });
      expect(status.message).toContain(message);
    }
  });

  test.each([
    [{ size: 0 }, 'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1'],
    [
      { size: 'x' },
      'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    ],
    [{}, 'spec.size: Required value'],
    [{ size: null }, 'spec.size: Required value'],
    [{ size: 1, mode: 'odd' }, 'spec.mode: Unsupported value: "odd": supported values: "fast", "slow"'],
  ])('%j is invalid in upstream’s words', async (spec, message) => {
    const { path, apiVersion } = await kind();
    const body = { apiVersion, kind: 'Thing', metadata: { name: 'a' }, spec };
    const status = await fixture.client.refuse(422, path, { method: 'POST', body });
    expect(status.message).toBe(`Thing.${apiVersion.split('/')[0]} "a" is invalid: ${message}`);
    expect(status.details).toMatchObject({
      name: 'a',
      kind: 'Thing',
      causes: [{ field: message.split(':')[0] }],
    });
  });

  test('keeps an allowed null, drops another before it is checked and defaults it', async () => {
    const { path, apiVersion } = await kind();
    const body = {
      apiVersion,
      kind: 'Thing',
      metadata: { name: 'a' },
      spec: { size: 1, note: null, mode: null },
    };
    const created = await fixture.client.create(path, body);
    expect(created['spec']).toEqual({ size: 1, note: null, mode: 'fast' });
  });

  test('that is stored already gets new defaults and loses new unknowns when it is read', async () => {
    const { path, apiVersion, crd } = await kind();
    const body = { apiVersion, kind: 'Thing', metadata: { name: 'a' }, spec: { size: 1, note: 'x' } };
    const created = await fixture.client.create(path, body);
    const properties = {
      size: { type: 'integer' },
      extra: { type: 'object', default: { on: true }, properties: { on: { type: 'boolean' } } },
    };
    const headers = { 'content-type': 'application/json-patch+json' };
    const at = '/spec/versions/0/schema/openAPIV3Schema/properties/spec';
    const patch = [{ op: 'replace', path: at, value: { type: 'object', properties } }];
    expect((await fixture.client.call(crd, { method: 'PATCH', headers, body: patch })).status).toBe(200);
    const spec = { size: 1, extra: { on: true } };
    const read = await fixture.client.get(`${path}/a`);
    expect(read['spec']).toEqual(spec);
    expect(read.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
    expect((await fixture.client.list(path)).items[0]?.['spec']).toEqual(spec);
  });

  test('has no subresources that its definition does not declare', async () => {
    const { path, apiVersion } = await kind();
    const body = { apiVersion, kind: 'Thing', metadata: { name: 'a' }, spec: { size: 1 } };
    await fixture.client.create(path, body);
    for (const subresource of ['status', 'scale', 'other']) {
      const status = await fixture.client.refuse(404, `${path}/a/${subresource}`);
      expect(status).toMatchObject({ reason: 'NotFound', details: { name: 'a', kind: 'things' } });
    }
  });

  test('speaks JSON and YAML, and protobuf for its metadata alone', async () => {
    const { path, apiVersion } = await kind();
    const body = { apiVersion, kind: 'Thing', metadata: { name: 'a' }, spec: { size: 1 } };
    await fixture.client.create(path, body);
    const protobuf = 'application/vnd.kubernetes.protobuf';
    const get = (accept: string) => fixture.client.call(`${path}/a`, { headers: { accept } });
    expect((await get('application/yaml')).text).toContain('kind: Thing\n');
    expect((await get(protobuf)).status).toBe(406);
    expect((await get(`${protobuf},application/json`)).headers['content-type']).toBe('application/json');
    const partial = await get(`${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`);
    expect(partial.headers['content-type']).toBe(protobuf);
    expect(partial.bytes.subarray(0, 4).toString('latin1')).toBe('k8s\0');
    const headers = { 'content-type': protobuf };
    await fixture.client.refuse(415, path, { method: 'POST', headers, body: Buffer.from('k8s\0') });
  });
});

describe('a definition: what cannot change', () => {
  test('is its group, plural, and once Established its scope and kind', async () => {
    const name = group();
    await fixture.define({ group: name, plural: 'things', kind: 'Thing' });
    const path = `${CRDS}/things.${name}`;
    for (const spec of [
      { scope: 'Cluster' },
      { names: { kind: 'Other' } },
      { group: 'other.example.com' },
      { names: { plural: 'others' } },
    ]) {
      const status = await fixture.client.refuse(422, path, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { spec },
      });
      expect(status.message).toMatch(/field is immutable|must be spec\.names\.plural\+"\."\+spec\.group/);
    }
  });

  test('through the wrong endpoint is its status, or its spec', async () => {
    const name = group();
    await fixture.define({ group: name, plural: 'things', kind: 'Thing' });
    const path = `${CRDS}/things.${name}`;
    const before = await fixture.client.until(path, (crd) =>
      conditionsOf(crd).some(({ type, status }) => type === 'Established' && status === 'True'),
    );
    const main = await fixture.client.patch(path, { status: { storedVersions: ['v9'], conditions: null } });
    expect(main).toEqual(before);
    const byStatus = await fixture.client.patch(`${path}/status`, { spec: { names: { shortNames: ['x'] } } });
    expect(byStatus).toEqual(before);
    // Metadata can be written through /status too, and stored versions are not looked at there: as upstream.
    const status = { storedVersions: ['v9'] };
    const labelled = await fixture.client.patch(`${path}/status`, {
      metadata: { labels: { a: 'b' } },
      status,
    });
    expect(labelled).toMatchObject({ metadata: { generation: 1, labels: { a: 'b' } }, status });
    const refused = await fixture.client.refuse(422, path, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { labels: { a: 'c' } } },
    });
    expect(refused.message).toContain(
      'status.storedVersions[0]: Invalid value: "v9": missing from spec.versions',
    );
    await fixture.client.patch(`${path}/status`, { status: { storedVersions: [] } });
    expect(await fixture.client.get(path)).toMatchObject({ status: { storedVersions: ['v1'] } });
  });
});
