import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareDigests,
  type DigestEntry,
  type DigestSummary,
  digestPlace,
  summarise,
} from './digest-exchange.ts';

/** Two regions that talk until neither has anything to say; what they have found, and what it has cost. */
function exchange(here: readonly DigestEntry[], there: readonly DigestEntry[]) {
  const sides = [here, there];
  const differing = new Set<string>();
  let message: readonly DigestSummary[] = [summarise(here)];
  let rounds = 0;
  let bytes = 0;
  for (let side = 1; message.length > 0 && rounds < 40; side = 1 - side) {
    rounds++;
    bytes += message.map(sizeOf).reduce((sum, size) => sum + size, 0);
    const compared = compareDigests(() => sides[side]!, message);
    for (const uid of compared.differing) differing.add(uid);
    message = compared.answer;
  }
  return { differing: [...differing].sort(), rounds, bytes };
}

function sizeOf(summary: DigestSummary): number {
  return summary.form === 'sums'
    ? summary.sums.size * 18
    : [...summary.documents.keys()].reduce((sum, uid) => sum + uid.length + 16, 0);
}

function entry(number: number, content = 'same'): DigestEntry {
  const uid = `uid-${number}`;
  const place = digestPlace({
    logicalCluster: `c${number % 50}`,
    group: 'apis.kcp.io',
    resource: 'apiexports',
    uid,
  });
  return { uid, place, digest: createHash('sha256').update(uid).update(content).digest().subarray(0, 16) };
}

describe('comparing digests', () => {
  it('finds exactly what differs between two regions', () => {
    fc.assert(
      fc.property(
        fc.nat(400),
        fc.uniqueArray(fc.nat(400), { maxLength: 12 }),
        fc.nat(2),
        (count, odd, kind) => {
          const here = Array.from({ length: count }, (_, number) => entry(number));
          const there = here.flatMap((same, number) => {
            if (!odd.includes(number)) return [same];
            return kind === 0 ? [] : [entry(number, 'other')];
          });
          const expected = odd.filter((number) => number < count).map((number) => `uid-${number}`);
          expect(exchange(here, there).differing).toEqual(expected.sort());
          expect(exchange(there, here).differing).toEqual(expected);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('says nothing but its first word where all is the same', () => {
    const all = Array.from({ length: 500 }, (_, number) => entry(number));
    expect(exchange(all, [...all].reverse())).toMatchObject({ differing: [], rounds: 1 });
  });

  it('finds one of ten thousand with a few kilobytes', () => {
    const here = Array.from({ length: 10_000 }, (_, number) => entry(number));
    const there = here.map((same, number) => (number === 4_321 ? entry(number, 'other') : same));
    const { differing, rounds, bytes } = exchange(here, there);
    expect(differing).toEqual(['uid-4321']);
    expect(rounds).toBeLessThanOrEqual(8);
    expect(bytes).toBeLessThan(20_000);
  });
});
