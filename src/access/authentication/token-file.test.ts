import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTokenFile, TokenFileError } from './token-file.ts';

test('a token file has a token, a user, a uid and perhaps groups on each line', () => {
  const text = '\uFEFF# ours\r\nt1,alice,1\r\n\nt2,"b,ob",2,"devs, ops"\n t3 , carol , ,"say ""hi"""\n';
  expect(parseTokenFile(text)).toEqual([
    {
      tokenHash: hash('sha256', 't1', 'hex'),
      user: { name: 'alice', uid: '1', groups: ['system:authenticated'], extra: {} },
    },
    {
      tokenHash: hash('sha256', 't2', 'hex'),
      user: { name: 'b,ob', uid: '2', groups: ['devs', 'ops', 'system:authenticated'], extra: {} },
    },
    {
      tokenHash: hash('sha256', 't3', 'hex'),
      user: { name: 'carol', uid: '', groups: ['say "hi"', 'system:authenticated'], extra: {} },
    },
  ]);
});

test('the operator may make administrators, but nobody who owns the life of a workspace', () => {
  const groups =
    '"system:masters,system:kcp:logical-cluster-admin,system:kcp:initializer:a,apis.kcp.io:binding:system:kcp:admin,system:authenticated"';
  expect(parseTokenFile(`t,u,1,${groups}`)[0]?.user.groups).toEqual([
    'system:masters',
    'system:authenticated',
  ]);
});

test.each([
  ['t,u', 'line 1 has 2 fields, but a token, a user and a uid are needed'],
  ['\n,u,1', 'line 2 has no token'],
  ['t,,1', 'line 1 has no user'],
  ['"t t",u,1', 'line 1 has a token with white space in it'],
  ['t,u,1\nt,v,2', 'line 2 repeats a token'],
  ['t,"u"x,1', 'line 1 has a quote in the wrong place'],
  ['t,"u,1', 'line 1 has a quote in the wrong place'],
  ['t,system:serviceaccount:a:b,1', 'line 1 names a service account, which has tokens of its own'],
  ['t,apis.kcp.io:binding:u,1', 'line 1 names somebody as only permission policies see them'],
])('%j cannot be used, and the reason names no token', (text, message) => {
  expect(() => parseTokenFile(text)).toThrow(new TokenFileError(message));
});

test('any text is either read or refused, never more', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', ' ', '\n', '\r') }), (text) => {
      try {
        for (const { user } of parseTokenFile(text)) expect(user.name).not.toBe('');
      } catch (error) {
        expect(error).toBeInstanceOf(TokenFileError);
      }
    }),
  );
});
