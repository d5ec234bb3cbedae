import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../machinery/mod.ts';
import { claimStatusOf, claimsToApply, isStatedBy, notApplied } from './claim-status.ts';

const SECRETS = { group: '', resource: 'secrets', verbs: ['get', 'list'] };
const SHERIFFS = { group: 'wild.wild.west', resource: 'sheriffs', identityHash: 'abc', verbs: ['*'] };

function exportWith(...permissionClaims: JsonObject[]): JsonObject {
  return { spec: { permissionClaims } };
}

function accepted(claim: JsonObject, selector: JsonObject = { matchAll: true }): JsonObject {
  return { ...claim, selector, state: 'Accepted' };
}

function bindingWith(...permissionClaims: JsonObject[]): JsonObject {
  return { spec: { permissionClaims } };
}

describe('the status of permission claims', () => {
  it('says that what is asked for and accepted is in force', () => {
    const binding = bindingWith(accepted(SHERIFFS), accepted(SECRETS));
    const status = claimStatusOf(exportWith(SECRETS, SHERIFFS), binding);
    expect(status.conditions).toEqual([
      { type: 'PermissionClaimsValid', status: 'True' },
      { type: 'PermissionClaimsApplied', status: 'True' },
    ]);
    expect(status.exported).toEqual([SECRETS, SHERIFFS]);
    expect(status.applied).toEqual([
      { ...SECRETS, selector: { matchAll: true } },
      { ...SHERIFFS, selector: { matchAll: true } },
    ]);
  });

  it('says that a binding without claims has nothing wrong', () => {
    expect(claimStatusOf(exportWith(), bindingWith()).conditions.map(({ status }) => status)).toEqual([
      'True',
      'True',
    ]);
  });

  it('leaves out what was rejected', () => {
    const rejected = { ...accepted(SECRETS), state: 'Rejected' };
    expect(claimStatusOf(exportWith(SECRETS), bindingWith(rejected)).applied).toEqual([]);
  });

  it('complains of a claim with another identity, which nobody makes', () => {
    const binding = bindingWith(accepted({ ...SHERIFFS, identityHash: 'xxxxxxx' }), accepted(SECRETS));
    const status = claimStatusOf(exportWith(SECRETS, SHERIFFS), binding);
    expect(status.conditions[0]).toEqual({
      type: 'PermissionClaimsValid',
      status: 'False',
      severity: 'Error',
      reason: 'InvalidPermissionClaims',
      message:
        '1 unexpected and/or invalid permission claims (showing first 1): unexpected/invalid claim for sheriffs.wild.wild.west (identity "xxxxxxx")',
    });
    expect(status.applied).toHaveLength(1);
  });

  it('shows no more than ten of those', () => {
    const claims = Array.from({ length: 12 }, (_, index) =>
      accepted({ ...SECRETS, resource: `r${String(index).padStart(2, '0')}` }),
    );
    const { message = '' } = claimStatusOf(exportWith(), bindingWith(...claims)).conditions[0]!;
    expect(message).toMatch(/^12 unexpected .*\(showing first 10\): \[/);
    expect(message).toContain('r09.');
    expect(message).not.toContain('r10.');
  });

  it('warns where the sides mean other verbs, or another selector than the provider proposes', () => {
    const asked = { ...SECRETS, defaultSelector: { matchLabels: { a: 'b' } } };
    const status = claimStatusOf(exportWith(asked), bindingWith(accepted({ ...SECRETS, verbs: ['get'] })));
    expect(status.conditions[0]).toEqual({
      type: 'PermissionClaimsValid',
      status: 'False',
      severity: 'Warning',
      reason: 'PermissionClaimsMismatch',
      message:
        '1 permission claim(s) have mismatched verbs or selectors (showing first 1): secrets. (verbs: accepted [get], exported [get list]; selector differs from defaultSelector)',
    });
    expect(status.applied).toHaveLength(1);
  });

  it('does not compare verbs where one side says all of them, as kcp', () => {
    const status = claimStatusOf(exportWith(SECRETS), bindingWith(accepted({ ...SECRETS, verbs: ['*'] })));
    expect(status.conditions[0]).toEqual({ type: 'PermissionClaimsValid', status: 'True' });
  });

  it('is known to be stated, or not', () => {
    const binding = bindingWith(accepted(SECRETS));
    const wanted = claimStatusOf(exportWith(SECRETS), binding);
    const status = {
      conditions: wanted.conditions.map((condition) => ({ ...condition, lastTransitionTime: 'now' })),
      exportPermissionClaims: [...wanted.exported],
      appliedPermissionClaims: [...wanted.applied],
    };
    expect(isStatedBy({ ...binding, status }, wanted)).toBe(true);
    expect(isStatedBy({ ...binding, status: { ...status, appliedPermissionClaims: [] } }, wanted)).toBe(
      false,
    );
    expect(isStatedBy(binding, wanted)).toBe(false);
  });

  it('says what went wrong with objects', () => {
    expect(notApplied(['one', 'two']).message).toBe(
      'Permission claims have not been fully applied: [one, two]',
    );
  });
});

describe('what has to be applied', () => {
  const applied = (...appliedPermissionClaims: JsonObject[]) => ({ status: { appliedPermissionClaims } });
  const names = (apiExport: JsonObject, binding: JsonObject) =>
    claimsToApply(apiExport, binding).map(({ resource }) => resource);

  it('is what is new, and what is gone', () => {
    const binding = {
      ...bindingWith(accepted(SECRETS)),
      ...applied({ ...SHERIFFS, selector: { matchAll: true } }),
    };
    expect(names(exportWith(SECRETS, SHERIFFS), binding)).toEqual(['secrets', 'sheriffs']);
  });

  it('is what has another selector', () => {
    const before = applied({ ...SECRETS, selector: { matchAll: true } });
    const selector = { matchLabels: { a: 'b' } };
    expect(names(exportWith(SECRETS), { ...bindingWith(accepted(SECRETS, selector)), ...before })).toEqual([
      'secrets',
    ]);
    expect(names(exportWith(SECRETS), { ...bindingWith(accepted(SECRETS)), ...before })).toEqual([]);
  });

  it('is not what nobody asks for', () => {
    expect(names(exportWith(), bindingWith(accepted(SECRETS)))).toEqual([]);
  });
});
