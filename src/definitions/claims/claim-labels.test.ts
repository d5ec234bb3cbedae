import { describe, expect, it, test } from 'vitest';
import { claimLabel, exportHash, reflexiveLabel } from './claim-labels.ts';
import type { PermissionClaim } from './permission-claim.ts';

const PREFIX = 'claimed.internal.apis.kcp.io/';
const tenancy = { cluster: 'root', name: 'tenancy.kcp.io' };
const foreign = { cluster: 'abcd1234', name: 'my-export' };

function claimOf(claim: Partial<PermissionClaim>): PermissionClaim {
  return {
    group: '',
    resource: 'configmaps',
    identityHash: '',
    verbs: [],
    defaultSelector: undefined,
    ...claim,
  };
}

describe('the label of a claim', () => {
  // kcp's own vectors: sdk/apis/apis/v1alpha2/permissionclaims.
  test.each([
    [
      tenancy,
      claimOf({ verbs: ['get', 'list'] }),
      'bmCdly9xXiUpEHe3ypvDwvXMTfoVZUE92mqAQf',
      '3QVjs6pfBjMpLEVYYhysJnroYGsQGlWm05E4qe',
    ],
    [
      foreign,
      claimOf({ group: 'apps', resource: 'deployments', verbs: ['get'], identityHash: 'deadbeef' }),
      'phGj1BkmdNY3LKTrtFc1KGLYTBs8Nt50p8PIU',
      '4CpOMiJ5JL9ZC4cG8ne7nGNQbSOEUiwZ89KHal',
    ],
  ])('of %j is that of kcp', (claimant, claim, key, value) => {
    expect(claimLabel(claimant, claim)).toEqual({ key: `${PREFIX}${key}`, value });
  });

  it('stays the same when verbs or the default selector change', () => {
    const claim = claimOf({ verbs: ['get'] });
    const changed = { ...claim, verbs: ['*'], defaultSelector: { matchAll: true } };
    expect(claimLabel(tenancy, changed)).toEqual(claimLabel(tenancy, claim));
  });

  it('of a binding itself is that of kcp', () => {
    expect(reflexiveLabel(exportHash(tenancy))).toEqual({
      key: `${PREFIX}bmCdly9xXiUpEHe3ypvDwvXMTfoVZUE92mqAQf`,
      value: 'LstvmbbzVDDOn90ZbhzSQO5U3DMCf88h1pZ',
    });
  });

  it('has the hash by which bindings name their export', () => {
    expect(exportHash(tenancy)).toBe('bmCdly9xXiUpEHe3ypvDwvXMTfoVZUE92mqAQf');
    expect(exportHash(foreign)).toBe('phGj1BkmdNY3LKTrtFc1KGLYTBs8Nt50p8PIU');
  });
});
