import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { describeKubectl } from './cluster.ts';

describeKubectl('who somebody is', (cluster) => {
  test('is told by auth whoami', async () => {
    expect(await cluster.ok('auth whoami -o jsonpath={.status.userInfo.username}')).toBe('kcp-admin');
    const table = await cluster.ok('auth whoami');
    expect(table).toMatch(/^ATTRIBUTE +VALUE\nUsername +kcp-admin\nGroups +\[system:masters /);
  });

  test('is a service account for whoever has a token that create token made', async () => {
    const ns = await cluster.namespace();
    await cluster.ok(`create serviceaccount robot -n ${ns}`);
    const token = await cluster.ok(`create token robot -n ${ns} --duration=20m`);
    const { exp, iat, aud } = decodeJwt(token);
    expect([exp! - iat!, aud]).toEqual([1_200, ['https://kcp.default.svc']]);
    const user = JSON.parse(await cluster.ok(`auth whoami -o json --token=${token}`)) as {
      status: { userInfo: { username: string; extra: Record<string, string[]> } };
    };
    expect(user.status.userInfo).toMatchObject({
      username: `system:serviceaccount:${ns}:robot`,
      extra: { 'authentication.kcp.io/cluster-name': ['root'] },
    });
    await cluster.ok(`delete serviceaccount robot -n ${ns}`);
    expect(await cluster.fail(`auth whoami --token=${token}`)).toContain(
      'error: You must be logged in to the server (Unauthorized)',
    );
  });

  test('is bound to what create token names, and for whom', async () => {
    const ns = await cluster.namespace();
    await cluster.ok(`create serviceaccount robot -n ${ns}`);
    await cluster.ok(`create secret generic held -n ${ns}`);
    const bound = ['--bound-object-kind=Secret', '--bound-object-name=held', '--audience=vault'];
    const token = await cluster.ok(['create', 'token', 'robot', '-n', ns, ...bound]);
    expect(decodeJwt(token)).toMatchObject({
      aud: ['vault'],
      'kubernetes.io': { namespace: ns, secret: { name: 'held' } },
    });
    expect(await cluster.fail(`create token robot -n ${ns} --duration=1m`)).toContain(
      'may not specify a duration less than 10 minutes',
    );
    expect(await cluster.fail(`create token nobody -n ${ns}`)).toContain(
      'serviceaccounts "nobody" not found',
    );
  });
});
