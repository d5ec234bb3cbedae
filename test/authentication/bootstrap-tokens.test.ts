import { expect, test } from 'vitest';
import { useAuthentication } from './suite.ts';

const fixture = useAuthentication({ allowsBootstrapTokens: true });
const SECRETS = '/api/v1/namespaces/kube-system/secrets';
const DATA = { 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' };

async function create(
  id: string,
  fields: Readonly<Record<string, unknown>> = {},
  prefix = '',
): Promise<string> {
  const { type = 'bootstrap.kubernetes.io/token', ...data } = fields;
  await fixture.client.create(`${prefix}${SECRETS}`, {
    metadata: { name: `bootstrap-token-${id}` },
    type,
    stringData: { 'token-id': id, ...DATA, ...data },
  });
  return `${id}.${DATA['token-secret']}`;
}

test('a bootstrap token is its Secret’s, for as long as the Secret is there', async () => {
  const token = await create('abcdef', {
    'auth-extra-groups': 'system:bootstrappers:z,system:bootstrappers:a:b',
  });
  expect(await fixture.whoAmI(token)).toEqual({
    username: 'system:bootstrap:abcdef',
    groups: [
      'system:bootstrappers',
      'system:bootstrappers:a:b',
      'system:bootstrappers:z',
      'system:authenticated',
    ],
  });
  await fixture.client.delete(`${SECRETS}/bootstrap-token-abcdef`);
  expect(await fixture.isKnown(token)).toBe(false);
});

test('a Secret that is not in order lets nobody in', async () => {
  const cases: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['aaaaa0', { type: 'Opaque' }],
    ['aaaaa1', { 'usage-bootstrap-authentication': 'false' }],
    ['aaaaa2', { 'token-id': 'aaaaa1' }],
    ['aaaaa3', { 'token-secret': 'another0another0' }],
    ['aaaaa4', { expiration: '2020-01-01T00:00:00Z' }],
    ['aaaaa5', { expiration: 'some day' }],
    ['aaaaa6', { 'auth-extra-groups': 'system:masters' }],
    ['aaaaa7', { 'auth-extra-groups': 'system:bootstrappers:a,system:bootstrappers:' }],
  ];
  for (const [id, fields] of cases) {
    expect(await fixture.isKnown(await create(id, fields)), JSON.stringify(fields)).toBe(false);
  }
  const later = await create('aaaaa8', { expiration: '2999-01-01T00:00:00Z' });
  expect(await fixture.isKnown(later)).toBe(true);
  for (const token of ['aaaaa8.0123456789abcdeg', 'aaaaa8.0123456789abcde', 'AAAAA8.0123456789abcdef']) {
    expect(await fixture.isKnown(token), token).toBe(false);
  }
});

test('nobody but the root workspace makes them', async () => {
  const prefix = await fixture.server.createCluster('makes-tokens');
  const token = await create('bbbbbb', {}, prefix);
  expect(await fixture.isKnown(token)).toBe(false);
  const reply = await fixture.client.call(`${prefix}/api`, { token });
  expect(reply.status).toBe(401);
});
