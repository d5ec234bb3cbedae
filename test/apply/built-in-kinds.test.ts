import { describe, expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import type { KubeObject, Reply } from '../http/client.ts';
import { ownersOf } from './voyage.ts';

const fixture = useMember();

const EVENT = {
  metadata: { name: 'e' },
  reason: 'R',
  type: 'Normal',
  action: 'A',
  reportingInstance: 'i',
  eventTime: '2020-01-01T00:00:00.000000Z',
};

function apply(path: string, body: unknown, manager: string): Promise<Reply> {
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  return fixture.client.call(`${path}?fieldManager=${manager}&force=true`, {
    method: 'PATCH',
    headers,
    body,
  });
}

async function applied(path: string, body: unknown, manager: string): Promise<KubeObject> {
  const reply = await apply(path, body, manager);
  expect([200, 201], reply.text).toContain(reply.status);
  return JSON.parse(reply.text) as KubeObject;
}

describe('apply of a built-in kind', () => {
  test.each([
    [
      'secrets',
      { apiVersion: 'v1', kind: 'Secret', data: { a: '*' } },
      '/v1, Kind=Secret',
      'error decoding from json: illegal base64 data at input byte 0',
    ],
    [
      'limitranges',
      { apiVersion: 'v1', kind: 'LimitRange', spec: { limits: [{ type: 'Pod', max: { cpu: 'x' } }] } },
      '/v1, Kind=LimitRange',
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      'events',
      { apiVersion: 'v1', kind: 'Event', eventTime: '2020-01-01T00:00:00Z' },
      '/v1, Kind=Event',
      'parsing time "2020-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    ],
  ])(
    'of %s with a value that the kind cannot hold is a 500, as upstream',
    async (plural, config, kind, reason) => {
      const path = `/api/v1/namespaces/${await fixture.namespace()}/${plural}/x`;
      const reply = await apply(path, { ...config, metadata: { name: 'x' } }, 'me');
      expect(reply.status).toBe(500);
      expect(JSON.parse(reply.text).message).toBe(
        `failed to convert new object (/x; ${kind}) to proper version: unable to convert unstructured object to ${kind}: ${reason}`,
      );
    },
  );

  test('reads the first document of YAML', async () => {
    const path = `/api/v1/namespaces/${await fixture.namespace()}/configmaps/x`;
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: b}\n---\n{{';
    expect(await applied(path, text, 'me')).toMatchObject({ data: { a: 'b' } });
  });
});

describe('events', () => {
  test('forget the owners of the other group, once they are written through one', async () => {
    const namespace = await fixture.namespace();
    const core = `/api/v1/namespaces/${namespace}/events`;
    const events = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const involvedObject = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', namespace };
    const event = { ...EVENT, apiVersion: 'v1', kind: 'Event', involvedObject };
    await applied(`${core}/e`, { ...event, reportingComponent: 'x.y/z', message: 'm' }, 'first');
    const labelled = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'e', labels: { a: 'b' } },
    };
    const owners = { 'second Apply': { 'f:metadata': { 'f:labels': { 'f:a': {} } } } };
    expect(ownersOf(await applied(`${events}/e`, labelled, 'second'))).toEqual(owners);
    // What nobody remembers to own is nobody's to take away.
    const left = await applied(
      `${core}/e`,
      { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' } },
      'first',
    );
    expect(left).toMatchObject({ message: 'm', metadata: { labels: { a: 'b' } } });
  });

  test('are validated as events of the core group, through both groups', async () => {
    const namespace = await fixture.namespace();
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const event = {
      ...EVENT,
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      regarding: { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', namespace },
      reportingController: 'x.y/z',
    };
    await fixture.client.create(path, event);
    const headers = { 'content-type': 'application/merge-patch+json' };
    const refused = await fixture.client.refuse(422, `${path}/e`, {
      method: 'PATCH',
      headers,
      body: { note: 'n' },
    });
    const emptied = await fixture.client.refuse(422, `${path}/e`, {
      method: 'PATCH',
      headers,
      body: { action: null },
    });
    expect(emptied.message).toContain('action: Invalid value: "": field is immutable');
    expect(refused.message).toBe('Event "e" is invalid: message: Invalid value: "n": field is immutable');
    expect(refused.details).not.toHaveProperty('group');
  });
});

test('the status of a namespace is active unless it says otherwise', async () => {
  const path = `/api/v1/namespaces/${await fixture.namespace()}`;
  const { metadata } = await fixture.client.get(path);
  const status = { conditions: [{ type: 'T', status: 'True' }] };
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: metadata.name }, status };
  const reply = await fixture.client.call(`${path}/status`, { method: 'PUT', body });
  expect(reply.status, reply.text).toBe(200);
  expect(JSON.parse(reply.text)).toMatchObject({ status: { phase: 'Active', ...status } });
});

describe('a body in YAML', () => {
  const text = (path: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${path}\ndata:\n  a: b\n  a: c\nnope: 1\n`;
  const headers = { 'content-type': 'application/yaml' };

  test('that has a key twice tells the line, before unknown fields', async () => {
    const path = `/api/v1/namespaces/${await fixture.namespace()}/configmaps`;
    const strict = await fixture.client.refuse(400, `${path}?fieldValidation=Strict`, {
      method: 'POST',
      headers,
      body: text('x'),
    });
    expect(strict.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 7: key "a" already set in map, unknown field "nope"',
    );
    const warned = await fixture.client.call(path, { method: 'POST', headers, body: text('x') });
    expect(warned.headers['warning']).toBe(
      '299 - "line 7: key \\"a\\" already set in map", 299 - "unknown field \\"nope\\""',
    );
  });
});
