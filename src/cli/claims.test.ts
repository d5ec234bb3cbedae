import { describe, expect, it } from 'vitest';
import { type ApiBinding, answerTo, claimText, claimWarnings, type PermissionClaim } from './claims.ts';

const ours: PermissionClaim = {
  group: 'test.kcp.io',
  resource: 'test',
  identityHash: 'abcdef',
  verbs: ['get', 'list'],
};
const configmaps: PermissionClaim = { group: '', resource: 'configmaps', verbs: ['*'] };

function binding(asked: readonly PermissionClaim[], answers: readonly PermissionClaim[]): ApiBinding {
  return {
    metadata: { name: 'a' },
    spec: { permissionClaims: answers },
    status: { exportPermissionClaims: asked },
  };
}

describe('warnings about claims', () => {
  it('say nothing about claims that are answered as they are asked', () => {
    const answers = [
      { ...ours, verbs: ['list', 'get'], state: 'Accepted' },
      { ...configmaps, state: 'Rejected' },
    ];
    expect(claimWarnings(binding([ours, configmaps], answers))).toEqual([]);
    expect(claimWarnings({ metadata: { name: 'new' } })).toEqual([]);
  });

  it('name claims that the binding does not mention', () => {
    expect(claimWarnings(binding([configmaps], []))).toEqual([
      "Warning: claim for configmaps exported but not specified on APIBinding a\nAdd this claim to the APIBinding's Spec.",
    ]);
  });

  it('name claims without an answer', () => {
    expect(claimWarnings(binding([ours], [ours]))).toEqual([
      'Warning: claim for test.test.kcp.io:abcdef specified on APIBinding a but not accepted or rejected.',
    ]);
  });

  it('name answers of other verbs', () => {
    expect(claimWarnings(binding([ours], [{ ...ours, verbs: ['*'], state: 'Accepted' }]))).toEqual([
      'Warning: allowed verbs (*) on claim for test.test.kcp.io:abcdef on APIBinding a do not match expected verbs (get,list).',
    ]);
  });

  it('take the claim of another identity for another claim', () => {
    const answer = { ...ours, identityHash: '123', state: 'Accepted' };
    expect(claimWarnings(binding([ours], [answer]))[0]).toContain('exported but not specified');
  });
});

describe('the answer to a claim', () => {
  it('carries the verbs and the identity of the claim', () => {
    expect(answerTo(ours, 'Accepted', 'v1alpha2')).toEqual({
      ...ours,
      selector: { matchAll: true },
      state: 'Accepted',
    });
  });

  it('chooses the objects that the export proposes', () => {
    const claim = { ...configmaps, defaultSelector: { matchLabels: { a: 'b' } } };
    expect(answerTo(claim, 'Accepted', 'v1alpha2').selector).toEqual({ matchLabels: { a: 'b' } });
  });

  it('has the form of the older version where that is spoken', () => {
    expect(answerTo({ ...ours, all: true }, 'Rejected', 'v1alpha1')).toEqual({
      group: 'test.kcp.io',
      resource: 'test',
      identityHash: 'abcdef',
      all: true,
      state: 'Rejected',
    });
  });

  it('is about what the claim is about', () => {
    expect(claimText(answerTo(ours, 'Accepted', 'v1alpha2'))).toBe(claimText(ours));
  });
});
