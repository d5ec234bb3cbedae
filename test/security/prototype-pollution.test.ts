import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CRDS, crdOf } from '../conformance/suite.ts';
import type { KubeList } from '../http/client.ts';
import { useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';
/** Names that every object of JavaScript answers to. */
const INHERITED = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', 'toLocaleString'];
const POLLUTED = '{"polluted":"yes"}';

beforeAll(() => arena.client.create(CONFIG_MAPS, { metadata: { name: 'plain' } }));
afterEach(async () => {
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
  await arena.assertUnharmed();
});

describe('a name that JavaScript objects inherit', () => {
  test.each(INHERITED)('is a label, an annotation and a key like any other: %s', async (name) => {
    const body = {
      metadata: {
        name: `labelled-${name.toLowerCase()}`,
        labels: { [name]: 'x' },
        annotations: { [name]: 'x' },
      },
      data: { [name]: 'x' },
    };
    expect((await arena.attack(CONFIG_MAPS, { method: 'POST', body })).status).toBe(201);
    const found = await arena.client.get<KubeList>(`${CONFIG_MAPS}?labelSelector=${name}`);
    expect(found.items.map(({ metadata }) => metadata.name)).toEqual([body.metadata.name]);
    const without = await arena.client.get<KubeList>(`${CONFIG_MAPS}?labelSelector=!${name}`);
    expect(without.items.map(({ metadata }) => metadata.name)).toContain('plain');
  });

  test.each(INHERITED.map((name) => name.toLowerCase()))(
    'names a namespace, a group and a kind: %s',
    async (name) => {
      const path = arena.attacker;
      const namespace = await arena.attack(`${path}/api/v1/namespaces/${name}`);
      expect(namespace.status).toBe(404);
      expect((await arena.attack(`${path}/apis/${name}/v1/things`)).status).toBe(404);
      expect((await arena.attack(`${path}/api/v1/${name}`)).status).toBe(404);
      expect((await arena.attack(`${path}/apis/apps/${name}`)).status).toBe(404);
    },
  );
});

test('a schema, its defaults and its objects may have such properties', async () => {
  const properties = JSON.parse(
    `{"__proto__":{"type":"object","default":{"a":"b"},"properties":{"a":{"type":"string"}}},"constructor":{"type":"string","default":"x"},"toString":{"type":"integer"}}`,
  ) as unknown;
  const schema = {
    openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
  };
  const crd = JSON.stringify(
    crdOf({ group: 'proto.example', plural: 'things', kind: 'Thing', versions: [{ name: 'v1', schema }] }),
  );
  expect((await arena.attack(`${arena.attacker}${CRDS}`, { method: 'POST', body: crd })).status).toBe(201);
  const things = `${arena.attacker}/apis/proto.example/v1/namespaces/default/things`;
  await arena.client.until(things, (_list, status) => status === 200);
  const head = '{"apiVersion":"proto.example/v1","kind":"Thing","metadata":{"generateName":"a-"}';
  const made = await arena.attack(things, {
    method: 'POST',
    body: `${head},"spec":{"__proto__":{"a":"c"}}}`,
  });
  expect([made.status, made.text]).toEqual([201, expect.stringContaining('"__proto__":{"a":"c"}')]);
  expect(made.text).toContain('"constructor":"x"');
  const wrong = `${head},"spec":{"toString":"x","__proto__":{"a":1}}}`;
  await arena.refused([422], things, { method: 'POST', body: wrong });
});

describe('a forged prototype', () => {
  test.each([
    `{"metadata":{"name":"p1"},"__proto__":${POLLUTED}}`,
    `{"metadata":{"name":"p2","__proto__":${POLLUTED},"labels":{"__proto__":"x"}}}`,
    `{"metadata":{"name":"p3","annotations":{"constructor.prototype.polluted":"yes"}},"data":{"__proto__":"x"}}`,
    `{"metadata":{"name":"p4","ownerReferences":[{"__proto__":${POLLUTED},"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"b"}]}}`,
    `{"metadata":{"name":"p5","managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:__proto__":{"f:polluted":{}}}}]}}`,
  ])('in an object stays data, or is refused: %.60s', async (body) => {
    const reply = await arena.attack(CONFIG_MAPS, { method: 'POST', body });
    expect([201, 400, 422]).toContain(reply.status);
  });

  test('in options, reviews and conditions does nothing', async () => {
    await arena.client.create(CONFIG_MAPS, { metadata: { name: 'kept' } });
    const body = `{"kind":"DeleteOptions","apiVersion":"v1","__proto__":{"dryRun":["All"]},"preconditions":{"__proto__":{"uid":"x"}}}`;
    // Were it heard, the object would stay, for one reason or the other.
    const reply = await arena.attack(`${CONFIG_MAPS}/kept`, { method: 'DELETE', body });
    expect(reply.status).toBe(200);
    expect((await arena.client.call(`${CONFIG_MAPS}/kept`)).status).toBe(404);
    const review = `{"spec":{"__proto__":{"user":"admin"},"resourceAttributes":{"__proto__":{"verb":"*"},"verb":"get","resource":"secrets"}}}`;
    const path = '/clusters/attacker/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    expect((await arena.attack(path, { method: 'POST', body: review })).status).toBeLessThan(500);
  });
});
