import { describe, expect, it, test } from 'vitest';
import { userOf } from '../rbac/rbac.suite.ts';
import { effectiveUsers, isInScope, ORIGIN_EXTRA, SCOPES_EXTRA, WARRANT_EXTRA } from './effective-users.ts';

const AUTHENTICATED = ['system:authenticated'];
const bot = 'system:serviceaccount:ns:bot';
const namesOf = (...args: Parameters<typeof effectiveUsers>) =>
  effectiveUsers(...args).map(({ name }) => name);

describe('scope', () => {
  test.each<[string, string[] | undefined, boolean]>([
    ['no scope', undefined, true],
    ['an empty scope', [''], false],
    ['this cluster', ['cluster:this'], true],
    ['another cluster', ['cluster:other'], false],
    ['this and another in two values', ['cluster:this', 'cluster:other'], false],
    ['an empty value beside this', ['', 'cluster:this'], false],
    ['something unknown', ['zone:this'], false],
    ['a longer name', ['cluster:this2'], false],
    ['this or another', ['cluster:other,cluster:this'], true],
    ['this or another, twice', ['cluster:other,cluster:this', 'cluster:this,cluster:x'], true],
    ['this or nothing', [',,cluster:this'], true],
  ])('of %s', (_, scopes, expected) => {
    expect(isInScope(userOf('a', [], scopes === undefined ? {} : { [SCOPES_EXTRA]: scopes }), 'this')).toBe(
      expected,
    );
  });

  test.each<[string, string[] | undefined, boolean]>([
    ['without origin', undefined, true],
    ['of this cluster', ['this'], true],
    ['of another cluster', ['other'], false],
    ['of two clusters', ['this', 'this'], false],
  ])('of a service account %s', (_, origins, expected) => {
    const user = userOf(bot, [], origins === undefined ? {} : { [ORIGIN_EXTRA]: origins });
    expect(isInScope(user, 'this')).toBe(expected);
  });
});

describe('a user counts', () => {
  it('as themselves', () => {
    const user = userOf('alice', ['g']);
    expect(effectiveUsers(user, 'this')).toEqual([user]);
  });

  it('out of scope as a stranger from the only cluster that they are scoped to', () => {
    const scoped = (...scopes: string[]) =>
      userOf('alice', [...AUTHENTICATED, 'system:masters'], { [SCOPES_EXTRA]: scopes });
    const stranger = (...groups: string[]) => [{ name: 'system:anonymous', uid: '', groups, extra: {} }];
    expect(effectiveUsers(scoped('cluster:home'), 'this')).toEqual(
      stranger('system:authenticated', 'system:cluster:home'),
    );
    expect(effectiveUsers(scoped('cluster:a,cluster:b'), 'this')).toEqual(stranger('system:authenticated'));
    expect(effectiveUsers(userOf('x', [], { [SCOPES_EXTRA]: ['cluster:home'] }), 'this')).toEqual(
      stranger('system:unauthenticated'),
    );
  });

  it('as a service account in its own cluster, and everywhere under its global name', () => {
    const user = userOf(bot, [...AUTHENTICATED, 'system:serviceaccounts'], { [ORIGIN_EXTRA]: ['home'] });
    expect(namesOf(user, 'home')).toEqual([bot, 'system:kcp:serviceaccount:home:ns:bot']);
    expect(effectiveUsers(user, 'away')).toEqual([
      { name: 'system:kcp:serviceaccount:home:ns:bot', uid: '', groups: AUTHENTICATED, extra: {} },
      {
        name: 'system:anonymous',
        uid: '',
        groups: ['system:authenticated', 'system:cluster:home'],
        extra: {},
      },
    ]);
  });

  it('nowhere beyond the scopes under a global name either', () => {
    const extra = { [ORIGIN_EXTRA]: ['home'], [SCOPES_EXTRA]: ['cluster:home'] };
    expect(namesOf(userOf(bot, AUTHENTICATED, extra), 'away')).toEqual(['system:anonymous']);
  });

  it('as the users of its warrants, nested ones included, also where they are out of scope themselves', () => {
    const inner = JSON.stringify({ user: 'carol' });
    const outer = JSON.stringify({
      user: 'bob',
      groups: ['g'],
      extra: { [WARRANT_EXTRA]: [inner], other: ['x'] },
    });
    const extra = { [WARRANT_EXTRA]: [outer], [SCOPES_EXTRA]: ['cluster:home'] };
    expect(namesOf(userOf('alice', AUTHENTICATED, extra), 'this')).toEqual([
      'bob',
      'carol',
      'system:anonymous',
    ]);
    expect(namesOf(userOf('alice', AUTHENTICATED, extra), 'home')).toEqual(['alice', 'bob', 'carol']);
  });

  it('not as a warrant that is out of its own scope, names no origin, or cannot be read', () => {
    const warrants = [
      JSON.stringify({ user: 'bob', extra: { [SCOPES_EXTRA]: ['cluster:home'] } }),
      JSON.stringify({ user: bot }),
      '{"user":',
      '[]',
      'null',
    ];
    expect(namesOf(userOf('alice', AUTHENTICATED, { [WARRANT_EXTRA]: warrants }), 'this')).toEqual([
      'alice',
      'system:anonymous',
    ]);
  });

  it('as no more than a bounded number of users', () => {
    const warrants = Array.from({ length: 1_000 }, (_, index) => JSON.stringify({ user: `u${index}` }));
    expect(namesOf(userOf('alice', [], { [WARRANT_EXTRA]: warrants }), 'this')).toHaveLength(16);
  });
});
