import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CRDS, crdOf } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import { codesOf, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';
const GROUP = '/clusters/attacker/apis/doors.example/v1';

beforeAll(async () => {
  const spec = {
    type: 'object',
    properties: { size: { type: 'integer', maximum: 10 }, replicas: { type: 'integer', maximum: 10 } },
  };
  const status = {
    type: 'object',
    properties: { ready: { type: 'boolean' }, replicas: { type: 'integer' } },
  };
  const version = {
    name: 'v1',
    schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
    subresources: {
      status: {},
      scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
    },
  };
  const doors = crdOf({ group: 'doors.example', plural: 'doors', kind: 'Door', versions: [version] });
  const gates = crdOf({ group: 'doors.example', plural: 'gates', kind: 'Gate', scope: 'Cluster' });
  for (const crd of [doors, gates]) await arena.client.create(`${arena.attacker}${CRDS}`, crd);
  for (const plural of ['doors', 'gates'])
    await arena.client.until(`${GROUP}/${plural}`, (_list, code) => code === 200);
});
afterEach(() => arena.assertUnharmed());

const door = (name: string, spec: unknown) => ({
  apiVersion: 'doors.example/v1',
  kind: 'Door',
  metadata: { name },
  spec,
});

test('every way to write an object runs the same validation', async () => {
  const doors = `${GROUP}/namespaces/default/doors`;
  const merge = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } };
  const steps = { method: 'PATCH', headers: { 'content-type': 'application/json-patch+json' } };
  const applying = { method: 'PATCH', headers: { 'content-type': 'application/apply-patch+yaml' } };
  await arena.client.create(doors, door('a', { size: 1, replicas: 1 }));
  const stored = await arena.client.get<KubeObject>(`${doors}/a`);
  const wide = { ...stored, spec: { size: 11, replicas: 1 } };
  const ways: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    [doors, { method: 'POST', body: door('b', { size: 11 }) }],
    [`${doors}?dryRun=All`, { method: 'POST', body: door('b', { size: 11 }) }],
    [`${doors}?fieldValidation=Ignore`, { method: 'POST', body: door('b', { size: 11 }) }],
    [`${doors}/a`, { method: 'PUT', body: wide }],
    [`${doors}/a`, { ...merge, body: { spec: { size: 11 } } }],
    [`${doors}/a`, { ...steps, body: [{ op: 'replace', path: '/spec/size', value: 11 }] }],
    [`${doors}/a?fieldManager=x&force=true`, { ...applying, body: door('a', { size: 11 }) }],
    [`${doors}/c?fieldManager=x`, { ...applying, body: door('c', { size: 11 }) }],
    [`${doors}/a/scale`, { ...merge, body: { spec: { replicas: 11 } } }],
  ];
  for (const [path, call] of ways) await arena.refused([422], path, call);
  // What is under status is not written by the door to the spec, nor the other way round.
  await arena.attack(`${doors}/a`, { ...merge, body: { status: { ready: true } } });
  await arena.attack(`${doors}/a/status`, {
    ...merge,
    body: { spec: { size: 9 }, status: { ready: false } },
  });
  const after = await arena.client.get<KubeObject & { spec: unknown; status: unknown }>(`${doors}/a`);
  expect([after.spec, after.status]).toEqual([{ size: 1, replicas: 1 }, { ready: false }]);
});

test('an object is reached by the scope of its kind alone', async () => {
  await arena.client.create(`${GROUP}/gates`, {
    apiVersion: 'doors.example/v1',
    kind: 'Gate',
    metadata: { name: 'main' },
  });
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
    const call = method === 'GET' || method === 'DELETE' ? { method } : { method, body: {} };
    const reply = await arena.attack(`${GROUP}/namespaces/default/gates/main`, call);
    expect([404, 405, 415]).toContain(reply.status);
    expect([404, 405, 415]).toContain((await arena.attack(`${GROUP}/doors/a`, call)).status);
  }
  expect((await arena.client.call(`${GROUP}/gates/main`)).status).toBe(200);
});

test('the bare URL and every prefix ask for the same rights', async () => {
  // It is the root workspace, where this tenant may discover what there is, and nothing else.
  for (const path of [
    '/api/v1/namespaces',
    '/api/v1/secrets',
    '/clusters/root/api/v1/secrets',
    '/clusters/system:admin/api/v1/secrets',
  ]) {
    expect((await arena.attack(path)).status, path).toBe(403);
  }
});

test('no header or parameter makes another request of one', async () => {
  await arena.attack(CONFIG_MAPS, { method: 'POST', body: { metadata: { name: 'kept' } } });
  const overrides = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', '_method'];
  for (const name of overrides) {
    const reply = await arena.attack(`${CONFIG_MAPS}/kept?_method=DELETE`, { headers: { [name]: 'DELETE' } });
    expect(reply.status).toBe(200);
  }
  const rewrites = [
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Forwarded-Path',
    'X-Forwarded-Prefix',
    'X-Kubernetes-Cluster',
    'X-Kcp-Cluster',
  ];
  for (const name of rewrites) {
    const reply = await arena.attack(`${CONFIG_MAPS}/kept`, {
      headers: { [name]: arena.canaryPath },
    });
    expect(reply.status).toBe(200);
  }
  expect((await arena.attack(`${CONFIG_MAPS}/kept`)).status).toBe(200);
});

describe('without credentials', () => {
  const PATHS = [
    '/',
    '/api',
    '/apis',
    '/metrics',
    '/debug/pprof/',
    '/debug/flags/v',
    '/configz',
    '/logs/',
    '/swagger.json',
    '/openapi/v2',
    '/services/apiexport/root/x',
    '/services/cache/shards/root/clusters/root/api/v1/secrets',
    '/services/initializingworkspaces/x/clusters/victim/api/v1/secrets',
    '/shards/root/api/v1/secrets',
    '/clusters/*/api/v1/secrets',
    '/clusters/victim/api/v1/secrets',
    '/clusters/victim/version',
    '/readyz/../api/v1/secrets',
    '/version/../api/v1/secrets',
    '/healthz/log/../../api',
    '/.well-known/openid-configuration/../../api/v1/secrets',
  ];

  test.each(PATHS)('nothing is answered but 401, 403 or 404: %s', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const bytes = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      const [code] = codesOf(await arena.raw(bytes));
      expect([400, 401, 403, 404, 405], `${method} ${path}`).toContain(code);
    }
  });
});
