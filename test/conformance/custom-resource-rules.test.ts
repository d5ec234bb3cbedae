import { expect, test } from 'vitest';
import { CRDS, crdOf, useMember } from './suite.ts';

const fixture = useMember();

const RULED = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      'x-kubernetes-validations': [
        {
          rule: 'self.size <= self.limit',
          messageExpression: "self.limit == 10 ? 'size is at most 10' : 'size is too large'",
          fieldPath: '.size',
        },
      ],
      properties: {
        size: { type: 'integer' },
        limit: { type: 'integer', default: 10 },
        color: {
          type: 'string',
          maxLength: 20,
          'x-kubernetes-validations': [
            { rule: 'self == oldSelf', message: 'is immutable', reason: 'FieldValueForbidden' },
          ],
        },
      },
    },
  },
};

function versionOf(schema: object) {
  return { name: 'v1', schema: { openAPIV3Schema: schema } };
}

async function kind(schema: object): Promise<{ readonly path: string; readonly apiVersion: string }> {
  const group = `${fixture.name('rule-')}.example.com`;
  await fixture.define({ group, plural: 'things', kind: 'Thing', versions: [versionOf(schema)] });
  return { path: `/apis/${group}/v1/namespaces/default/things`, apiVersion: `${group}/v1` };
}

test('the rules of a kind are kept, on create with defaults and on update with the old object', async () => {
  const { path, apiVersion } = await kind(RULED);
  const thing = (spec: object) => ({ apiVersion, kind: 'Thing', metadata: { name: 'a' }, spec });
  const refused = await fixture.client.call(path, { method: 'POST', body: thing({ size: 11 }) });
  expect(refused.status).toBe(422);
  expect(JSON.parse(refused.text)).toMatchObject({
    reason: 'Invalid',
    message:
      'Thing.' +
      `${apiVersion.slice(0, -3)} "a" is invalid: spec.size: Invalid value: "object": size is at most 10`,
    details: {
      causes: [
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: "object": size is at most 10',
          field: 'spec.size',
        },
      ],
    },
  });
  const created = await fixture.client.create(path, thing({ size: 9, color: 'red' }));
  const changed = await fixture.client.call(`${path}/a`, {
    method: 'PUT',
    body: { ...created, spec: { size: 9, limit: 10, color: 'blue' } },
  });
  expect(changed.status).toBe(422);
  expect(JSON.parse(changed.text)).toMatchObject({
    details: {
      causes: [{ reason: 'FieldValueForbidden', message: 'Forbidden: is immutable', field: 'spec.color' }],
    },
  });
  const kept = await fixture.client.call(`${path}/a`, {
    method: 'PUT',
    body: { ...created, spec: { size: 10, limit: 10, color: 'red' } },
  });
  expect(kept.status).toBe(200);
});

test('an object that is older than the rules may stay as it is, with a warning', async () => {
  const group = `${fixture.name('rule-')}.example.com`;
  const lax = {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { size: { type: 'integer' }, note: { type: 'string' } } },
    },
  };
  const custom = { group, plural: 'things', kind: 'Thing', versions: [versionOf(lax)] };
  await fixture.define(custom);
  const path = `/apis/${group}/v1/namespaces/default/things`;
  const created = await fixture.client.create(path, {
    apiVersion: `${group}/v1`,
    kind: 'Thing',
    metadata: { name: 'a' },
    spec: { size: 200 },
  });
  const strict = structuredClone(lax);
  Object.assign(strict.properties.spec.properties.size, {
    maximum: 100,
    'x-kubernetes-validations': [{ rule: 'self < 100', message: 'is too large' }],
  });
  const crdPath = `${CRDS}/things.${group}`;
  const crd = await fixture.client.get(crdPath);
  const spec = crdOf({ ...custom, versions: [versionOf(strict)] })['spec'];
  expect((await fixture.client.call(crdPath, { method: 'PUT', body: { ...crd, spec } })).status).toBe(200);
  const put = (next: object) =>
    fixture.client.call(`${path}/a`, {
      method: 'PUT',
      body: {
        ...created,
        metadata: { name: 'a', resourceVersion: created.metadata.resourceVersion },
        spec: next,
      },
    });
  const worse = await put({ size: 201 });
  expect(worse.status).toBe(422);
  const same = await put({ size: 200, note: 'kept' });
  expect(same.status).toBe(200);
  expect(same.headers['warning']).toBe('299 - "spec.size: Invalid value: \\"integer\\": is too large"');
});

test('a definition whose rules do not compile or cost too much is refused', async () => {
  const group = `${fixture.name('rule-')}.example.com`;
  const refuse = async (field: object): Promise<string> => {
    const schema = { type: 'object', properties: { f: field } };
    const body = crdOf({ group, plural: 'things', kind: 'Thing', versions: [versionOf(schema)] });
    const reply = await fixture.client.call(CRDS, { method: 'POST', body });
    expect(reply.status).toBe(422);
    return reply.text;
  };
  expect(await refuse({ type: 'integer', 'x-kubernetes-validations': [{ rule: 'self.a' }] })).toContain(
    "compilation failed: ERROR: \\u003cinput\\u003e:1:5: type 'int' does not support field selection",
  );
  const texts = { type: 'array', items: { type: 'array', items: { type: 'string' } } };
  expect(
    await refuse({
      ...texts,
      'x-kubernetes-validations': [{ rule: "self.all(x, x.all(y, y.contains('a')))" }],
    }),
  ).toContain('estimated rule cost exceeds budget by factor of more than 100x');
});
