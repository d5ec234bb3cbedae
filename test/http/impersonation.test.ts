import { once } from 'node:events';
import { connect } from 'node:http2';
import { expect, it, onTestFinished } from 'vitest';
import { startInProcess } from '../support/in-process.ts';
import { Client } from './client.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

it('refuses requests that impersonate, and leaves everything as it is', async () => {
  const server = await startInProcess();
  onTestFinished(() => server.stop());
  const client = new Client(server);
  onTestFinished(() => client.close());
  const cases: [Record<string, string>, string][] = [
    [{ 'Impersonate-User': 'bob' }, `users "bob" is forbidden: ${cannot('users', '')} at the cluster scope`],
    [
      { 'Impersonate-User': 'system:serviceaccount:default:robot' },
      `serviceaccounts "robot" is forbidden: ${cannot('serviceaccounts', '')} in the namespace "default"`,
    ],
    [
      { 'Impersonate-Group': 'system:masters' },
      `groups "system:masters" is forbidden: ${cannot('groups', '')} at the cluster scope`,
    ],
    [
      { 'Impersonate-Uid': '1' },
      `uids.authentication.k8s.io "1" is forbidden: ${cannot('uids', 'authentication.k8s.io')} at the cluster scope`,
    ],
    [
      { 'Impersonate-Extra-Scopes': 'view' },
      `userextras.authentication.k8s.io "view" is forbidden: ${cannot('userextras/scopes', 'authentication.k8s.io')} at the cluster scope`,
    ],
    [{ 'Impersonate-User': '' }, `users is forbidden: ${cannot('users', '')} at the cluster scope`],
  ];
  for (const [headers, message] of cases) {
    const body = { metadata: { name: 'by-somebody-else' } };
    for (const call of [{ headers }, { headers, method: 'POST', body }]) {
      const status = await client.refuse(403, CONFIG_MAPS, call);
      expect(status).toMatchObject({ kind: 'Status', reason: 'Forbidden', code: 403 });
      expect(status.message).toBe(`${message}: impersonation is not supported`);
    }
    await client.refuse(403, '/apis', { headers });
  }
  expect((await client.call(`${CONFIG_MAPS}/by-somebody-else`)).status).toBe(404);
  await client.refuse(401, CONFIG_MAPS, { headers: { 'Impersonate-User': 'bob' }, token: 'wrong' });
});

it('refuses them over HTTP/2 too', async () => {
  const server = await startInProcess();
  onTestFinished(() => server.stop());
  const session = connect(server.url, { ca: server.ca });
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ':path': CONFIG_MAPS,
    authorization: `Bearer ${server.token}`,
    'impersonate-user': 'bob',
  });
  stream.resume();
  const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
  expect(headers[':status']).toBe(403);
});

function cannot(resource: string, group: string): string {
  return `User "kcp-admin" cannot impersonate resource "${resource}" in API group "${group}"`;
}
