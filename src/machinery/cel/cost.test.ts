import { describe, expect, it } from 'vitest';
import { compile, widget, widgetEnvironment } from './cel.suite.ts';
import { type CostNode, costMax, type SizeEstimate } from './cost-estimates.ts';
import { CelError } from './values.ts';

/** Sizes by path, as limits of a schema tell them. */
function hints(sizes: Readonly<Record<string, SizeEstimate>>) {
  return { estimateSize: (node: CostNode) => sizes[(node.path ?? []).join('.')] };
}

describe('the cost of an evaluation', () => {
  // The numbers are those of cel-go 0.26 with the options of Kubernetes.
  it.each([
    ['true', 0],
    ['self.replicas', 2],
    ['self.replicas <= self.maxReplicas', 5],
    ['has(self.name)', 1],
    ['self.name == "front"', 3],
    ['self.name + "x"', 3],
    ['self.name.startsWith("f")', 3],
    ['self.name.contains("f")', 3],
    ['self.name.matches("^f.*$")', 4],
    ['[1, 2, 3]', 0],
    ['[self.replicas]', 12],
    ['{"a": self.replicas}', 32],
    ['self.replicas in [1, 2]', 2],
    ['self.replicas in self.ports', 6],
    ['true ? self.replicas : 1', 1],
    ['self.ports.all(p, p > 0)', 13],
    ['self.ports.map(p, p * 2)', 31],
    ['false && self.replicas == 1', 0],
    ['int("1")', 0],
    ['self.labels.?app.orValue("")', 3],
    ['self.ports[self.replicas - 2]', 6],
  ])('of %s is %i', (source, cost) => {
    expect(compile(source).evaluate({ self: widget() }).cost).toBe(cost);
  });

  it('ends it when it exceeds the limit', () => {
    const compiled = compile('self.ports.all(p, p > 0)');
    const { cost } = compiled.evaluate({ self: widget() });
    expect(compiled.evaluate({ self: widget() }, { costLimit: cost }).value).toBe(true);
    expect(compiled.evaluate({ self: widget() }, { costLimit: cost - 1 })).toEqual({
      value: new CelError('operation cancelled: actual cost limit exceeded'),
      cost,
      work: 0,
      isOverBudget: true,
    });
  });

  it('is not absorbed by || when it exceeds the limit', () => {
    const compiled = compile('self.ports.all(p, p > 0) || true');
    expect(compiled.evaluate({ self: widget() }, { costLimit: 3 }).isOverBudget).toBe(true);
  });

  it('can be laid down by who declares the environment', () => {
    const environment = widgetEnvironment.extend({
      costOverrides: {
        callCost: ({ functionName }) => (functionName === 'size' ? 100 : undefined),
        estimateCall: ({ functionName }) =>
          functionName === 'size' ? { cost: { min: 100, max: 200 } } : undefined,
      },
    });
    const compiled = compile('self.ports.size() + 1', environment);
    expect(compiled.evaluate({ self: widget() }).cost).toBe(103);
    expect(compiled.estimateCost()).toEqual({ min: 103, max: 203 });
  });
});

describe('the estimate of costs', () => {
  it.each([
    ['self.replicas <= self.maxReplicas', { min: 5, max: 5 }],
    ['self.ports.all(p, p > 0)', { min: 3, max: costMax }],
    ['self.name.startsWith("abcdefghijk")', { min: 4, max: 4 }],
    // A tenth of the largest size.
    ['self.name + self.name', { min: 4, max: Math.ceil(costMax / 10) + 4 }],
    ['true || self.replicas == 1', { min: 0, max: 3 }],
    ['[self.replicas]', { min: 12, max: 12 }],
  ])('of %s without hints is %o', (source, estimate) => {
    const { min, max } = compile(source).estimateCost();
    expect({ min, max }).toEqual(estimate);
  });

  it('uses what the schema says of sizes, by path', () => {
    const sizes = hints({
      'self.ports': { min: 0, max: 10 },
      'self.name': { min: 0, max: 63 },
      'self.labels': { min: 1, max: 5 },
      'self.labels.@keys': { min: 0, max: 20 },
    });
    expect(compile('self.ports.all(p, p > 0)').estimateCost(sizes)).toEqual({ min: 3, max: 53 });
    expect(compile('self.name.contains("abcdefghijk")').estimateCost(sizes)).toEqual({ min: 2, max: 16 });
    expect(compile('self.labels.all(k, k == "abcdefghijk")').estimateCost(sizes).max).toBe(33);
  });

  it('is never below what an evaluation costs, at its maximum', () => {
    const sizes = hints({
      'self.ports': { min: 0, max: 2 },
      'self.name': { min: 0, max: 5 },
      'self.labels': { min: 0, max: 1 },
      'self.labels.@keys': { min: 0, max: 3 },
      'self.labels.@values': { min: 0, max: 3 },
    });
    for (const source of [
      'self.ports.all(p, p > 0 && self.name.size() < p)',
      'self.ports.map(p, self.name + string(p)).exists(n, n.matches("a+"))',
      'self.labels.all(k, self.labels[k] == k || k.contains("a"))',
      'self.ports.filter(p, p in self.ports).size() == 2',
    ]) {
      const compiled = compile(source);
      expect(compiled.evaluate({ self: widget() }).cost).toBeLessThanOrEqual(
        compiled.estimateCost(sizes).max,
      );
    }
  });
});
