import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { useAuthentication } from './suite.ts';

const fixture = useAuthentication();
const SECRETS = '/api/v1/namespaces/default/secrets';

type Secret = KubeObject & { readonly data?: Readonly<Record<string, string>> };

function secretFor(account: string, name: string, fields: Readonly<Record<string, unknown>> = {}) {
  return {
    metadata: { name, annotations: { 'kubernetes.io/service-account.name': account } },
    type: 'kubernetes.io/service-account-token',
    ...fields,
  };
}

function decode(secret: Secret, key: string): string {
  return Buffer.from(secret.data?.[key] ?? '', 'base64').toString();
}

async function filled(account: string, name: string): Promise<Secret> {
  await fixture.client.create(SECRETS, secretFor(account, name));
  return fixture.client.until<Secret>(`${SECRETS}/${name}`, ({ data }) => data?.['token'] !== undefined);
}

test('a Secret for a service account gets a token that does not expire, and all that goes with it', async () => {
  const account = await fixture.account('classic');
  const { metadata } = await fixture.client.get(account);
  const secret = await filled('classic', 'classic-token');
  expect(secret.metadata.annotations).toMatchObject({ 'kubernetes.io/service-account.uid': metadata.uid });
  expect(decode(secret, 'namespace')).toBe('default');
  expect(decode(secret, 'ca.crt')).toBe(fixture.server.ca);
  const token = decode(secret, 'token');
  expect(decodeJwt(token)).toEqual({
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/clusterName': 'root',
    'kubernetes.io/serviceaccount/namespace': 'default',
    'kubernetes.io/serviceaccount/secret.name': 'classic-token',
    'kubernetes.io/serviceaccount/service-account.name': 'classic',
    'kubernetes.io/serviceaccount/service-account.uid': metadata.uid,
    sub: 'system:serviceaccount:default:classic',
  });
  expect(await fixture.whoAmI(token)).toEqual({
    username: 'system:serviceaccount:default:classic',
    uid: metadata.uid,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    extra: { 'authentication.kcp.io/cluster-name': ['root'] },
  });
  expect(await fixture.review(token, { audiences: ['vault'] })).toMatchObject({
    error: 'invalid bearer token',
  });
});

test('its token ends with the Secret, with the token in it, and with its service account', async () => {
  const account = await fixture.account('ending');
  const [gone, changed, marked, left] = await Promise.all(
    ['gone', 'changed', 'marked', 'left'].map(async (name) => decode(await filled('ending', name), 'token')),
  );
  await fixture.client.delete(`${SECRETS}/gone`);
  expect(await fixture.isKnown(gone!)).toBe(false);
  await fixture.client.patch(`${SECRETS}/changed`, {
    data: { token: Buffer.from(left!).toString('base64') },
  });
  expect(await fixture.isKnown(changed!)).toBe(false);
  const labels = { 'kubernetes.io/legacy-token-invalid-since': '2020-01-01' };
  expect(await fixture.isKnown(marked!)).toBe(true);
  await fixture.client.patch(`${SECRETS}/marked`, { metadata: { labels } });
  expect(await fixture.isKnown(marked!)).toBe(false);
  expect(await fixture.isKnown(left!)).toBe(true);
  await fixture.client.delete(account);
  expect(await fixture.isKnown(left!)).toBe(false);
  await fixture.client.untilGone(`${SECRETS}/left`);
});

test('a Secret for no service account is removed, and one of another type is left alone', async () => {
  await fixture.account('here');
  await fixture.client.create(SECRETS, secretFor('nobody', 'homeless'));
  await fixture.client.untilGone(`${SECRETS}/homeless`);
  await fixture.client.create(SECRETS, { ...secretFor('here', 'opaque'), type: 'Opaque' });
  await filled('here', 'typed');
  await fixture.client.delete('/api/v1/namespaces/default/serviceaccounts/here');
  await fixture.client.untilGone(`${SECRETS}/typed`);
  expect((await fixture.client.get<Secret>(`${SECRETS}/opaque`)).data).toBeUndefined();
});

test('a token that was taken away comes back as another Secret’s would', async () => {
  await fixture.account('again');
  const before = decode(await filled('again', 'again-token'), 'token');
  await fixture.client.patch(`${SECRETS}/again-token`, { data: { token: null } });
  const after = await fixture.client.until<Secret>(
    `${SECRETS}/again-token`,
    ({ data }) => data?.['token'] !== undefined,
  );
  expect(await fixture.isKnown(decode(after, 'token'))).toBe(true);
  expect(decodeJwt(decode(after, 'token'))).toEqual(decodeJwt(before));
});
