import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject, Schema } from '../machinery/mod.ts';
import { materialise } from './materialise.ts';
import { meet, TestRegion, thing } from './two-regions.suite.ts';

const SCHEMA: Schema = {
  type: 'object',
  properties: { spec: { type: 'object', additionalProperties: { type: 'integer' } } },
};

/** A rule that no schema can model: the numbers in the spec must not be more than ten together. */
function isSmall(object: KubeObject): boolean {
  const numbers = Object.values(object['spec'] ?? {}) as number[];
  return numbers.reduce((sum, number) => sum + number, 0) <= 10;
}

describe('a merge that breaks a rule', () => {
  let eu: TestRegion;
  let us: TestRegion;
  beforeEach(() => {
    eu = new TestRegion('eu', SCHEMA, { check: isSmall }).create(thing({ base: 2 }));
    us = new TestRegion('us', SCHEMA, { check: isSmall }).hear(eu);
    us.nowMs += 1_000;
  });

  it('is served without the newest register that breaks it, and says so', () => {
    eu.updateSpec({ base: 2, a: 7 });
    us.updateSpec({ base: 2, b: 5, c: 1 });
    meet(eu, us);
    for (const region of [eu, us]) {
      expect(region.spec).toEqual({ base: 2, a: 7, c: 1 });
      expect(region.materialised).toMatchObject({
        isValid: true,
        leftOut: [{ path: '/spec/b', field: '.spec.b', region: 'us', timeMs: us.nowMs }],
      });
    }
  });

  it('shows what the left out register has replaced', () => {
    eu.updateSpec({ base: 2, a: 7 });
    us.updateSpec({ base: 9 });
    meet(eu, us);
    expect(eu.spec).toEqual({ base: 2, a: 7 });
  });

  it('does not bring back what was left out after somebody has edited what is served', () => {
    eu.updateSpec({ base: 2, a: 7 });
    us.updateSpec({ base: 2, b: 5 });
    meet(eu, us);
    eu.nowMs = us.nowMs;
    eu.updateSpec({ base: 2, a: 1 });
    expect(us.hear(eu).spec).toEqual({ base: 2, a: 1 });
  });

  it('says after an edit exactly what was written, also where something was left out', () => {
    eu.updateSpec({ base: 2, a: 7 });
    us.updateSpec({ base: 2, b: 5 });
    meet(eu, us);
    us.updateSpec({ base: 3, a: 1 });
    expect(us.spec).toEqual({ base: 3, a: 1 });
    expect(us.materialised!.leftOut).toEqual([]);
    us.updateSpec({ base: 3, a: 1, b: 5 });
    expect(us.spec).toEqual({ base: 3, a: 1, b: 5 });
  });

  it('is served whole, and marked, where nothing helps', () => {
    const strict = materialise(eu.view, () => false)!;
    expect(strict).toMatchObject({ isValid: false, leftOut: [] });
    expect(strict.object).toEqual(eu.object);
  });

  it('takes a bounded number of attempts, however many registers there are', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, 1]));
    const big = new TestRegion('eu', SCHEMA).create(thing(many));
    let attempts = 0;
    const worst = materialise(big.view, () => {
      attempts++;
      return false;
    });
    expect(worst!.isValid).toBe(false);
    let odd = 0;
    materialise(big.view, (object) => {
      odd++;
      return Object.keys(object['spec'] ?? {}).length <= 500;
    });
    expect(attempts).toBeLessThan(30);
    expect(odd).toBeLessThanOrEqual(210);
  });

  it('comes out the same again', () => {
    eu.updateSpec({ base: 2, a: 7 });
    us.updateSpec({ base: 2, b: 5, c: 1 });
    meet(eu, us);
    const once = materialise(eu.view, isSmall);
    expect(materialise(eu.view, isSmall)).toEqual(once);
    expect(eu.update(eu.object).spec).toEqual(us.spec);
  });
});
