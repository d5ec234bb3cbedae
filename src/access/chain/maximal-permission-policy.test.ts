import { describe, expect, it } from 'vitest';
import type { LogicalCluster, Revision } from '../../base/mod.ts';
import { userOf } from '../rbac/rbac.suite.ts';
import type { User } from '../user.ts';
import { type AccessRequest, type Authorizer, decision } from './decision.ts';
import { ORIGIN_EXTRA } from './effective-users.ts';
import { type ApiOrigin, maximalPermissionPolicy, VIEW_WARRANT } from './maximal-permission-policy.ts';

const CONSUMER = 'consumer' as LogicalCluster;
const PROVIDER = 'provider' as LogicalCluster;
const at = (cluster: LogicalCluster, revision: number) => ({ cluster, revision: revision as Revision });

const COWBOYS: ApiOrigin = {
  cluster: PROVIDER,
  name: 'today-cowboys',
  isBounded: true,
  reliesOn: [at(CONSUMER, 1), at(PROVIDER, 2)],
};

function ask(
  user: User,
  options: {
    readonly origin?: ApiOrigin | undefined;
    readonly isAllowed?: boolean;
    readonly request?: Partial<AccessRequest>;
  } = {},
) {
  const { origin = COWBOYS, isAllowed = true, request = {} } = options;
  const asked: AccessRequest[] = [];
  const roles: Authorizer = (question) => {
    asked.push(question);
    return decision(isAllowed ? 'allow' : 'no-opinion', 'told', [at(question.cluster, 3)]);
  };
  const next: Authorizer = () => decision('allow', 'next');
  const authorize = maximalPermissionPolicy({ find: () => origin, roles }, next);
  const kind = { group: 'wildwest.dev', resource: 'cowboys', subresource: '', namespace: '', name: '' };
  const decided = authorize({ user, cluster: CONSUMER, verb: 'get', ...kind, ...request } as AccessRequest);
  if (decided instanceof Promise) throw new Error('it was known at once');
  return { decided, asked };
}

describe('a policy of the provider', () => {
  it('is asked where the export lies, with prefixes, and lets what it allows go on', () => {
    const { decided, asked } = ask(userOf('alice', ['system:authenticated', 'dev']));
    expect(decided).toMatchObject({ verdict: 'allow', reason: 'next' });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      cluster: PROVIDER,
      verb: 'get',
      group: 'wildwest.dev',
      resource: 'cowboys',
      user: {
        name: 'apis.kcp.io:binding:alice',
        groups: ['apis.kcp.io:binding:system:authenticated', 'apis.kcp.io:binding:dev'],
      },
    });
  });

  it('refuses what it does not allow, whatever the consumer says, and both rely on it', () => {
    const { decided } = ask(userOf('alice'), { isAllowed: false });
    expect(decided).toMatchObject({
      verdict: 'no-opinion',
      reason: 'API export "provider"|"today-cowboys" policy: told',
    });
    const grounds = [at(CONSUMER, 1), at(PROVIDER, 2), at(PROVIDER, 3)];
    expect(decided.reliesOn).toEqual(expect.arrayContaining(grounds));
    expect(ask(userOf('alice')).decided.reliesOn).toEqual(expect.arrayContaining(grounds));
  });

  it('is relied on also where there is none: it may come', () => {
    const { decided, asked } = ask(userOf('alice'), { origin: { ...COWBOYS, isBounded: false } });
    expect(asked).toEqual([]);
    expect(decided).toMatchObject({ verdict: 'allow', reliesOn: COWBOYS.reliesOn });
  });

  it('is not asked for paths, nor for deep reviews', () => {
    expect(ask(userOf('alice'), { request: { path: '/' } as Partial<AccessRequest> }).asked).toEqual([]);
    expect(ask(userOf('alice'), { request: { isDeepReview: true } }).asked).toEqual([]);
  });

  it.each([
    [
      'elsewhere by their global names',
      'consumer',
      'system:kcp:serviceaccount:consumer:ns:bot',
      ['system:authenticated'],
    ],
    [
      'at home by their own',
      'provider',
      'system:serviceaccount:ns:bot',
      ['system:authenticated', 'system:serviceaccounts'],
    ],
  ])('knows service accounts %s', (_, home, name, groups) => {
    const user = userOf('system:serviceaccount:ns:bot', ['system:authenticated', 'system:serviceaccounts'], {
      [ORIGIN_EXTRA]: [home],
    });
    expect(ask(user).asked[0]?.user).toMatchObject({
      name: `apis.kcp.io:binding:${name}`,
      groups: groups.map((group) => `apis.kcp.io:binding:${group}`),
    });
  });

  it('leaves the warrants of views alone, which were judged before, and nobody who is only called so', () => {
    const origin = { [ORIGIN_EXTRA]: ['consumer'] };
    expect(ask(userOf(VIEW_WARRANT, ['system:kcp:admin'], origin)).asked).toEqual([]);
    expect(ask(userOf(VIEW_WARRANT, ['system:authenticated'], origin)).asked).toHaveLength(1);
    expect(ask(userOf('kcp-admin', ['system:kcp:admin'])).asked).toHaveLength(1);
  });
});
