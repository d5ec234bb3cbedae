import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costsOf, evaluate, fault } from './library.suite.ts';
import { compareSemver, formatSemver, parseSemver } from './semver.ts';

describe('the functions on semantic versions', () => {
  it.each([
    ["isSemver('1.2.3-alpha.1+build.5')", true],
    ["isSemver('1.2')", false],
    ["isSemver('v1.2.3')", false],
    ["isSemver('v01.2', true)", true],
    ["semver('v01.02', true) == semver('1.2.0')", true],
    ["semver('1.2.3').major()", 1n],
    ["semver('1.2.3').minor()", 2n],
    ["semver('1.2.3').patch()", 3n],
    ["semver('18446744073709551615.0.0').major()", -1n],
    ["semver('1.0.0-alpha').isLessThan(semver('1.0.0'))", true],
    ["semver('1.0.0-alpha.2').isLessThan(semver('1.0.0-alpha.10'))", true],
    ["semver('1.0.0-alpha').isGreaterThan(semver('1.0.0-1'))", true],
    ["semver('1.0.0+a') == semver('1.0.0+b')", true],
    ["semver('1.0.0').compareTo(semver('1.0.1'))", -1n],
    ["semver('')", fault('Version string empty')],
    ["semver('1.2')", fault('No Major.Minor.Patch elements found')],
    ["semver('a.2.3')", fault('Invalid character(s) found in major number "a"')],
    ["semver('1.02.3')", fault('Minor number must not contain leading zeroes "02"')],
    ["semver('1.2.')", fault('strconv.ParseUint: parsing "": invalid syntax')],
    [
      "semver('1.18446744073709551616.3')",
      fault('strconv.ParseUint: parsing "18446744073709551616": value out of range'),
    ],
    ["semver('1.2.3-')", fault('Prerelease is empty')],
    ["semver('1.2.3-01')", fault('Numeric PreRelease version must not contain leading zeroes "01"')],
    ["semver('1.2.3-é')", fault('Invalid character(s) found in prerelease "é"')],
    ["semver('1.2.3+')", fault('Build meta data is empty')],
    ["semver('1.2.3+_')", fault('Invalid character(s) found in build meta data "_"')],
    ["semver('1.2-rc', true)", fault('short version cannot contain PreRelease/Build meta data')],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('order versions totally, and read what they print', () => {
    const identifier = fc.oneof(fc.nat(20).map(String), fc.constantFrom('alpha', 'beta', 'rc', 'x-y'));
    const versions = fc
      .tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.array(identifier, { maxLength: 3 }))
      .map(
        ([major, minor, patch, rest]) =>
          `${major}.${minor}.${patch}${rest.length > 0 ? `-${rest.join('.')}` : ''}`,
      )
      .map(parseSemver);
    fc.assert(
      fc.property(versions, versions, versions, (a, b, c) => {
        expect(parseSemver(formatSemver(a))).toEqual(a);
        expect(compareSemver(a, b)).toBe(0 - compareSemver(b, a));
        if (compareSemver(a, b) <= 0 && compareSemver(b, c) <= 0) {
          expect(compareSemver(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  it('cost what upstream charges', () => {
    expect(costsOf("semver('1.2.3').isLessThan(semver('v1', true))")).toBe('3 (3..3)');
  });
});
