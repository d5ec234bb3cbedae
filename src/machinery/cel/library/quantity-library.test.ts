import { describe, expect, it } from 'vitest';
import { costsOf, evaluate, fault, problemsOf } from './library.suite.ts';

describe('the functions on quantities', () => {
  it.each([
    ["isQuantity('1.3Gi')", true],
    ["isQuantity('1.3GiB')", false],
    ["isQuantity('.Pi')", false],
    ["quantity('1k').asInteger()", 1000n],
    ["quantity('1Ki').asInteger()", 1024n],
    ["quantity('1.5').asInteger()", fault('cannot convert value to integer')],
    ["quantity('1.0').isInteger()", false],
    ["quantity('1000m').isInteger()", false],
    ["quantity('9223372036854775807').isInteger()", false],
    ["quantity('500m').asApproximateFloat()", 0.5],
    ["quantity('9223372036854775807E').asApproximateFloat()", 9.223372036854777e36],
    ["sign(quantity('-1'))", -1n],
    ["sign(quantity('0'))", 0n],
    ["quantity('1Mi').isGreaterThan(quantity('1M'))", true],
    ["quantity('1').isLessThan(quantity('1.0'))", false],
    ["quantity('200M').compareTo(quantity('0.2G'))", 0n],
    ["quantity('50k').add(20).asInteger()", 50_020n],
    ["quantity('50k').sub(quantity('20k')).asInteger()", 30_000n],
    ["quantity('9223372036854775807').add(1).isInteger()", false],
    ["quantity('0').sub(-9223372036854775808).asInteger()", -(2n ** 63n)],
    ["quantity('1Ki') == quantity('1024')", true],
    ["quantity('0').add(1) == quantity('1')", true],
    ["quantity('1') == quantity('0').add(1)", fault('no such overload')],
    ["quantity('1') != quantity('0').add(1)", true],
    ["quantity('1') in [quantity('0').add(1), quantity('1')]", true],
    [
      "quantity('x')",
      fault("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
    ],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('are methods but for sign', () => {
    expect(problemsOf("quantity('1').sign()")).toEqual([
      "18: found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'",
    ]);
    expect(problemsOf("quantity('1').value")).toEqual([
      "13: unexpected failed resolution of 'kubernetes.Quantity'",
    ]);
  });

  it('cost what upstream charges', () => {
    expect(costsOf("quantity('12').add(quantity('1k')).isLessThan(quantity('5'))")).toBe('5 (5..5)');
    expect(costsOf("quantity('12') == quantity('1k')")).toBe('3 (3..3)');
  });
});
