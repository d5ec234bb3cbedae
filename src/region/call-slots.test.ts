import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../base/mod.ts';
import { type Caller, CallSlots } from './call-slots.ts';

/** Calls that begin one after the other, and what runs of them. */
class Calls {
  readonly slots = new CallSlots();
  readonly running: { readonly caller: Caller; readonly release: () => void }[] = [];
  refused = 0;

  async begin(caller: Caller, signal = new AbortController().signal): Promise<void> {
    const slot = this.slots.take(caller, signal);
    if (slot === undefined) this.refused += 1;
    else slot.then((release) => this.running.push({ caller, release })).catch(() => {});
    await settled();
  }

  async end(index: number): Promise<void> {
    const [ended] = this.running.splice(index, 1);
    ended?.release();
    await settled();
  }

  count(by: (caller: Caller) => boolean): number {
    return this.running.filter(({ caller }) => by(caller)).length;
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('calls of webhooks', () => {
  test('keep to every bound, and all of them get their turn', async () => {
    const caller = fc.record({
      tenant: fc.constantFrom('a', 'b', 'c'),
      server: fc.constantFrom('x', 'y', 'z'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(caller, { minLength: 1, maxLength: 150 }),
        fc.nat(),
        async (callers, seed) => {
          const calls = new Calls();
          for (const one of callers) await calls.begin(one);
          let ended = 0;
          while (calls.running.length > 0) {
            for (const name of ['a', 'b', 'c', 'x', 'y', 'z']) {
              const isServer = name >= 'x';
              const max = isServer
                ? limits.webhookConnectionsPerServerMax
                : limits.webhookConnectionsPerClusterMax;
              const count = calls.count(({ tenant, server }) => (isServer ? server : tenant) === name);
              expect(count).toBeLessThanOrEqual(max);
            }
            await calls.end((seed + ended) % calls.running.length);
            ended += 1;
          }
          expect(ended + calls.refused).toBe(callers.length);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('of one tenant, however many, leave the next free connection to another', async () => {
    const calls = new Calls();
    for (let index = 0; index < 90; index++) await calls.begin({ tenant: 'greedy', server: 'shared' });
    expect(calls.running).toHaveLength(limits.webhookConnectionsPerServerMax);
    await calls.begin({ tenant: 'modest', server: 'shared' });
    expect(calls.count(({ tenant }) => tenant === 'modest')).toBe(0);
    await calls.end(0);
    expect(calls.count(({ tenant }) => tenant === 'modest')).toBe(1);
  });

  test('that are given up while they wait leave nothing behind', async () => {
    const calls = new Calls();
    const aborts = Array.from({ length: limits.webhookCallsPerServerMax }, () => new AbortController());
    for (const { signal } of aborts) await calls.begin({ tenant: 'a', server: 'x' }, signal);
    await calls.begin({ tenant: 'a', server: 'x' });
    expect(calls.refused).toBe(1);
    for (const abort of aborts) abort.abort();
    await settled();
    while (calls.running.length > 0) await calls.end(0);
    await calls.begin({ tenant: 'a', server: 'x' });
    expect([calls.refused, calls.running.length]).toEqual([1, 1]);
  });
});
