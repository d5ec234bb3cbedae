import { beforeAll, describe, expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import { ownersOf, Voyages } from './voyage.ts';

const fixture = useMember();
const voyages = new Voyages(fixture, 'apply.example.com');
beforeAll(() => voyages.define());

describe('apply of what is not there', () => {
  test('creates it (201) and owns what the configuration says, not what defaults add', async () => {
    const name = voyages.name();
    const reply = await voyages.tryApply(
      name,
      { spec: { from: 'a', stops: [{ port: 'p' }], tags: {} } },
      'me',
    );
    expect(reply.status).toBe(201);
    const created = JSON.parse(reply.text);
    expect(created).toMatchObject({
      metadata: { generation: 1 },
      spec: { from: 'a', days: 80, stops: [{ port: 'p', side: 'north' }], tags: {} },
    });
    const stops = { 'k:{"port":"p","side":"north"}': { '.': {}, 'f:port': {} } };
    expect(ownersOf(created)).toEqual({
      'me Apply': { 'f:spec': { 'f:from': {}, 'f:stops': stops, 'f:tags': {} } },
    });
  });

  test('creates nothing in a dry run', async () => {
    const name = voyages.name();
    const dry = await voyages.apply(name, { spec: { from: 'a' } }, 'me', { query: '&dryRun=All' });
    expect(dry.metadata.resourceVersion).toBeUndefined();
    await fixture.client.refuse(404, voyages.path(name));
  });

  test('does not create through a subresource, nor under a uid', async () => {
    const name = voyages.name();
    const status = { status: { phase: 'away' } };
    expect((await voyages.refuse(404, name, status, 'me', { subresource: '/status' })).reason).toBe(
      'NotFound',
    );
    const other = await voyages.refuse(409, name, { metadata: { uid: 'u' } }, 'me');
    expect(other.message).toContain('uid mismatch: the provided object specified uid u');
  });

  test('takes YAML as well as JSON', async () => {
    const name = voyages.name();
    const body = `apiVersion: ${voyages.group}/v1\nkind: Voyage\nmetadata:\n  name: ${name}\nspec:\n  from: a\n`;
    expect(await voyages.apply(name, {}, 'me', { body })).toMatchObject({ spec: { from: 'a' } });
  });
});

describe('apply of what is there', () => {
  test('changes nothing the second time, not even the resourceVersion', async () => {
    const name = voyages.name();
    const fields = {
      metadata: { labels: { a: 'b' } },
      spec: { from: 'a', crew: ['x'], stops: [{ port: 'p' }] },
    };
    const first = await voyages.apply(name, fields, 'me');
    expect(await voyages.apply(name, fields, 'me')).toEqual(first);
  });

  test('removes what only this manager owned and leaves out now', async () => {
    const name = voyages.name();
    const all = {
      from: 'a',
      to: 'b',
      tags: { x: '1', y: '1' },
      crew: ['m', 'n'],
      stops: [{ port: 'p' }, { port: 'q' }],
    };
    await voyages.apply(name, { spec: all }, 'me');
    await voyages.apply(name, { spec: { to: 'b', crew: ['n'] } }, 'other');
    const { spec } = await voyages.apply(
      name,
      { spec: { from: 'a', tags: { x: '1' }, stops: [{ port: 'q' }] } },
      'me',
    );
    expect(spec).toEqual({
      from: 'a',
      to: 'b',
      days: 80,
      tags: { x: '1' },
      crew: ['n'],
      stops: [{ port: 'q', side: 'north' }],
    });
  });

  test('shares a field by saying the same, without a time of its own', async () => {
    const name = voyages.name();
    await voyages.apply(name, { spec: { from: 'a' } }, 'me');
    const shared = await voyages.apply(name, { spec: { from: 'a' } }, 'other');
    expect(ownersOf(shared)).toEqual({
      'me Apply': { 'f:spec': { 'f:from': {} } },
      'other Apply': { 'f:spec': { 'f:from': {} } },
    });
    const other = shared.metadata.managedFields!.find(({ manager }) => manager === 'other')!;
    expect(other.time).toBeUndefined();
  });

  test('refuses what others own with every field by name (409), and takes it when forced', async () => {
    const name = voyages.name();
    await voyages.create(name, { spec: { from: 'a', days: 3, stops: [{ port: 'p', days: 1 }] } }, 'maker');
    await voyages.patch(name, { spec: { to: 'x' } }, 'updater');
    const wanted = { spec: { from: 'b', to: 'y', stops: [{ port: 'p', days: 2 }] } };
    const refused = await voyages.refuse(409, name, wanted, 'me');
    const version = `using ${voyages.group}/v1`;
    expect(refused.message).toBe(
      [
        `Apply failed with 3 conflicts: conflicts with "maker" ${version}:`,
        '- .spec.from',
        '- .spec.stops[port="p",side="north"].days',
        `conflicts with "updater" ${version}:`,
        '- .spec.to',
      ].join('\n'),
    );
    expect(refused.reason).toBe('Conflict');
    expect(refused.details).toEqual({
      causes: [
        ['maker', '.spec.from'],
        ['maker', '.spec.stops[port="p",side="north"].days'],
        ['updater', '.spec.to'],
      ].map(([manager, field]) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with "${manager}" ${version}`,
        field,
      })),
    });
    const taken = await voyages.apply(name, wanted, 'me', { query: '&force=true' });
    expect(taken).toMatchObject({ spec: { from: 'b', to: 'y', days: 3, stops: [{ port: 'p', days: 2 }] } });
    expect(Object.keys(ownersOf(taken)).sort()).toEqual(['maker Update', 'me Apply']);
  });

  test('names an applier without version, and a subresource', async () => {
    const name = voyages.name();
    await voyages.apply(name, { spec: { from: 'a' } }, 'me');
    expect((await voyages.refuse(409, name, { spec: { from: 'b' } }, 'other')).message).toBe(
      'Apply failed with 1 conflict: conflict with "me": .spec.from',
    );
    await voyages.apply(name, { status: { phase: 'a' } }, 'me', { subresource: '/status' });
    const options = { subresource: '/status' };
    expect((await voyages.refuse(409, name, { status: { phase: 'b' } }, 'other', options)).message).toBe(
      'Apply failed with 1 conflict: conflict with "me" with subresource "status": .status.phase',
    );
  });

  test('of status belongs to /status alone', async () => {
    const name = voyages.name();
    await voyages.apply(name, { spec: { from: 'a' } }, 'me');
    const main = await voyages.apply(name, { spec: { from: 'a' }, status: { phase: 'no' } }, 'me');
    expect(main['status']).toBeUndefined();
    const fields = { spec: { from: 'no' }, status: { phase: 'yes' } };
    const byStatus = await voyages.apply(name, fields, 'watcher', {
      subresource: '/status',
      query: '&force=true',
    });
    expect(byStatus).toMatchObject({ spec: { from: 'a' }, status: { phase: 'yes' } });
    expect(ownersOf(byStatus)).toEqual({
      'me Apply': { 'f:spec': { 'f:from': {} } },
      'watcher Apply/status': { 'f:status': { 'f:phase': {} } },
    });
  });

  test('keeps one entry per applier, whichever version it applies in', async () => {
    const name = voyages.name();
    await voyages.apply(name, { spec: { from: 'a', to: 'b' } }, 'me');
    const second = await voyages.apply(name, { spec: { from: 'a' } }, 'me', { version: 'v2' });
    expect(second).toMatchObject({ apiVersion: `${voyages.group}/v2`, spec: { from: 'a', days: 80 } });
    expect(second['spec']).not.toHaveProperty('to');
    expect(second.metadata.managedFields!.map(({ apiVersion }) => apiVersion)).toEqual([
      `${voyages.group}/v2`,
    ]);
  });

  test('honours a resourceVersion as a precondition', async () => {
    const name = voyages.name();
    const first = await voyages.apply(name, { spec: { from: 'a' } }, 'me');
    const { resourceVersion } = first.metadata;
    await voyages.apply(name, { metadata: { resourceVersion }, spec: { from: 'b' } }, 'me');
    const fields = { metadata: { resourceVersion }, spec: { from: 'c' } };
    expect((await voyages.refuse(409, name, fields, 'me')).message).toContain('the object has been modified');
  });
});

describe('apply by kubectl', () => {
  const LAST = 'kubectl.kubernetes.io/last-applied-configuration';

  test('takes over what it applied on its own side, unless somebody else changed it', async () => {
    const name = voyages.name();
    const text = JSON.stringify(voyages.configuration(name, { spec: { from: 'a', to: 'a' } }));
    const metadata = { annotations: { [LAST]: text } };
    await voyages.create(name, { metadata, spec: { from: 'a', to: 'a' } }, 'kubectl-client-side-apply');
    expect((await voyages.refuse(409, name, { spec: { from: 'b' } }, 'me')).reason).toBe('Conflict');
    const applied = await voyages.apply(name, { spec: { from: 'b' } }, 'kubectl');
    const annotation = applied.metadata.annotations?.[LAST] ?? '';
    expect(JSON.parse(annotation)).toEqual(voyages.configuration(name, { spec: { from: 'b' } }));
    await voyages.patch(name, { spec: { from: 'c' } }, 'stranger');
    expect((await voyages.refuse(409, name, { spec: { from: 'd' } }, 'kubectl')).message).toContain(
      '"stranger"',
    );
  });
});

describe('apply refuses', () => {
  const cases: readonly (readonly [string, number, Record<string, unknown>, string])[] = [
    [
      'a field that the schema lacks',
      500,
      { spec: { wings: 2 } },
      '.spec.wings: field not declared in schema',
    ],
    [
      'a value of another type',
      500,
      { spec: { from: 1 } },
      '.spec.from: expected string, got &value.valueUnstructured{Value:1}',
    ],
    [
      'an element twice in a set',
      500,
      { spec: { crew: ['a', 'a'] } },
      '.spec.crew: duplicate entries for key [="a"]',
    ],
    [
      'an item twice',
      500,
      { spec: { stops: [{ port: 'p' }, { port: 'p' }] } },
      '.spec.stops: duplicate entries for key [port="p",side="north"]',
    ],
    ['a list where a map belongs', 500, { spec: { ship: [] } }, '.spec.ship: expected map, got &{[]}'],
    [
      'what validation refuses',
      422,
      { spec: { days: 0 } },
      'spec.days in body should be greater than or equal to 1',
    ],
    ['managed fields', 400, { metadata: { managedFields: [] } }, 'metadata.managedFields must be nil'],
    ['another name', 400, { metadata: { name: 'b' } }, 'does not match the name on the URL'],
    [
      'another namespace',
      400,
      { metadata: { namespace: 'b' } },
      'the namespace of the provided object does not match',
    ],
    ['another kind', 400, { kind: 'Trip' }, 'invalid object type: apply.example.com/v1, Kind=Trip'],
    [
      'another version',
      400,
      { apiVersion: 'apply.example.com/v2' },
      'invalid object type: apply.example.com/v2, Kind=Voyage',
    ],
    ['no kind', 400, { kind: '' }, 'invalid object type: apply.example.com/v1, Kind='],
  ];
  test.each(cases)('%s', async (_what, code, change, message) => {
    const name = voyages.name();
    const body = { ...voyages.configuration(name, {}), ...change };
    body['metadata'] = { name, ...(change['metadata'] as object | undefined) };
    expect((await voyages.refuse(code, name, {}, 'me', { body })).message).toContain(message);
  });

  test.each([
    ['a: [', 'error decoding YAML: error converting YAML to JSON: yaml: line 1'],
    ['- a', 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['text', 'json: cannot unmarshal string into Go value of type map[string]interface {}'],
    ['', 'invalid object type: /, Kind='],
  ])('the body %j', async (body, message) => {
    expect((await voyages.refuse(400, voyages.name(), {}, 'me', { body })).message).toContain(message);
  });

  test('an apply without a manager, and force on other patches', async () => {
    const name = voyages.name();
    const nobody = await voyages.refuse(422, name, {}, '');
    expect(nobody.message).toBe(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
    await voyages.apply(name, {}, 'me');
    const forced = await fixture.client.refuse(422, `${voyages.path(name)}?force=true`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: {},
    });
    expect(forced.message).toContain('force: Forbidden: may not be specified for non-apply patch');
  });

  test('a key twice, if strict, and warns of it otherwise', async () => {
    const name = voyages.name();
    const body = `apiVersion: ${voyages.group}/v1\nkind: Voyage\nmetadata:\n  name: ${name}\nspec:\n  from: a\n  from: b\n`;
    const strict = await voyages.refuse(400, name, {}, 'me', { body, query: '&fieldValidation=Strict' });
    expect(strict.message).toBe(
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "from" already set in map',
    );
    const warned = await voyages.tryApply(name, {}, 'me', { body });
    expect(warned.status).toBe(201);
    expect(warned.headers['warning']).toBe('299 - "line 7: key \\"from\\" already set in map"');
    const quiet = await voyages.tryApply(name, {}, 'me', { body, query: '&fieldValidation=Ignore' });
    expect(quiet.headers['warning']).toBeUndefined();
  });
});

describe('apply of a scale', () => {
  const scale = (name: string, spec: unknown) => ({
    body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name }, spec },
    subresource: '/scale',
  });

  test('owns the replicas of the object alone, and tells conflicts in its own terms', async () => {
    const name = voyages.name();
    await voyages.create(name, { spec: { from: 'a', days: 3 } }, 'maker');
    const refused = await voyages.refuse(409, name, {}, 'scaler', scale(name, { replicas: 5 }));
    expect(refused.message).toBe(
      'Apply failed with 1 conflict: conflict with "maker" using autoscaling/v1: .spec.replicas',
    );
    const forced = { ...scale(name, { replicas: 5 }), query: '&force=true' };
    expect(await voyages.apply(name, {}, 'scaler', forced)).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 5 },
    });
    const object = await fixture.client.get(voyages.path(name));
    expect(object).toMatchObject({ metadata: { generation: 2 }, spec: { from: 'a', days: 5 } });
    expect(ownersOf(object)['scaler Apply/scale']).toEqual({ 'f:spec': { 'f:days': {} } });
    const late = await voyages.refuse(409, name, { spec: { days: 7 } }, 'late');
    expect(late.message).toBe(
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale": .spec.days',
    );
  });

  test('refuses what is no Scale, and what is not there', async () => {
    const name = voyages.name();
    await voyages.refuse(404, name, {}, 'scaler', scale(name, { replicas: 5 }));
    await voyages.apply(name, { spec: { from: 'a' } }, 'maker');
    const unknown = await voyages.refuse(500, name, {}, 'scaler', scale(name, { wings: 2 }));
    expect(unknown.message).toContain(
      'autoscaling/v1, Kind=Scale): .spec.wings: field not declared in schema',
    );
    const own = { subresource: '/scale', body: voyages.configuration(name, {}) };
    expect((await voyages.refuse(400, name, {}, 'scaler', own)).message).toContain('invalid object type');
  });
});
