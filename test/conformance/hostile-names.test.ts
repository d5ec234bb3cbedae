import { beforeAll, describe, expect, test } from 'vitest';
import { useMember } from './suite.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

const fixture = useMember();
let path = '';

beforeAll(async () => {
  path = `${RBAC}/namespaces/${await fixture.namespace()}/roles`;
});

function role(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules: [] };
}

describe('the name of a role', () => {
  test.each(['a\0b', 'line\nbreak', '\x7f'])('is refused with control characters: %j', async (name) => {
    for (const metadata of [{ name }, { generateName: name }]) {
      const status = await fixture.client.refuse(422, path, { method: 'POST', body: role(metadata) });
      expect(status.message).toContain('may not contain control characters');
    }
    expect((await fixture.client.list(path)).items).toEqual([]);
  });

  test('is shown, found and deleted as it was stored, however it was sent', async () => {
    const bodies = [
      [JSON.stringify(role({ name: 'json-' })).replace('json-', 'json-\\ud800'), 'application/json'],
      [JSON.stringify(role({ generateName: `a${'😀'.repeat(40)}` })), 'application/json'],
    ] as const;
    for (const [body, type] of bodies) {
      const headers = { 'content-type': type };
      const created = await fixture.client.call(path, { method: 'POST', headers, body });
      expect(created.status).toBe(201);
      const { name } = (JSON.parse(created.text) as { metadata: { name: string } }).metadata;
      expect(name).toContain('\ufffd');
      const again = await fixture.client.call(path, { method: 'POST', body: role({ name }) });
      expect(again.status).toBe(409);
      expect((await fixture.client.list(path)).items.map(({ metadata }) => metadata.name)).toEqual([name]);
      await fixture.client.delete(`${path}/${encodeURIComponent(name)}`);
    }
    const yaml = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: "yaml-\\ud800"\n';
    const headers = { 'content-type': 'application/yaml' };
    const status = await fixture.client.refuse(400, path, { method: 'POST', headers, body: yaml });
    expect(status.message).toContain('invalid Unicode character escape code');
    expect((await fixture.client.list(path)).items).toEqual([]);
  });
});
