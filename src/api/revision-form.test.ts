import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LogicalCluster, parseRevision, REVISION_EPOCH_MS, revisionAtMs } from '../base/mod.ts';
import { OneShardPositions } from './member-positions.ts';
import { type RevisionForm, RevisionForms } from './revision-form.ts';

const cluster = 'root' as LogicalCluster;
// Since a clock before February 2025 is refused, no revision of a shard is smaller.
const FIRST = revisionAtMs(Date.UTC(2025, 1, 1));
const revisions = fc.integer({ min: FIRST, max: Number.MAX_SAFE_INTEGER });
const members = fc.integer({ min: 0, max: 1023 });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const formsOf = (member: number) => new RevisionForms(new OneShardPositions(member));

describe.each(['shard', 'member'] as const)('a revision in the form of a %s', (name) => {
  const formOf = (member: number): RevisionForm => formsOf(member)[name];

  test('is what comes back when it is read', () => {
    fc.assert(
      fc.property(revisions, members, (revision, member) => {
        const form = formOf(member);
        expect(form.stateOf(form.ofState(revision))).toBe(revision);
        expect(form.stateOf(form.ofObject(cluster, revision))).toBe(revision);
      }),
    );
  });

  test('is a decimal of 63 bits, as clients compare them, and keeps the order', () => {
    fc.assert(
      fc.property(revisions, revisions, members, (one, other, member) => {
        const form = formOf(member);
        const [first, second] = [form.ofState(one), form.ofState(other)];
        expect(first).toMatch(/^[1-9][0-9]{0,18}$/);
        expect(BigInt(first)).toBeLessThan(2n ** 63n);
        expect(Math.sign(Number(BigInt(first) - BigInt(second)))).toBe(Math.sign(one - other));
      }),
    );
  });

  test('is taken from a writer in either form, and nothing else is', () => {
    fc.assert(
      fc.property(revisions, members, uint64, (revision, member, forged) => {
        const { shard, member: bound } = formsOf(member);
        const form = formOf(member);
        const accepted = [shard.ofObject(cluster, revision), bound.ofObject(cluster, revision)];
        for (const text of accepted) expect(form.isOf(text, cluster, revision)).toBe(true);
        const text = String(forged);
        expect(form.isOf(text, cluster, revision)).toBe(accepted.includes(text));
        for (const near of accepted) {
          for (const step of [-1024n, -1n, 1n, 1024n]) {
            const beside = String(BigInt(near) + step);
            expect(form.isOf(beside, cluster, revision)).toBe(false);
          }
          for (const odd of [
            `0${near}`,
            `${near} `,
            `+${near}`,
            `${near}.0`,
            `${near}n`,
            '',
            'null',
            '0x1',
          ]) {
            expect(form.isOf(odd, cluster, revision)).toBe(false);
          }
        }
      }),
    );
  });

  test('is understood in some way for every number of 64 bits', () => {
    fc.assert(
      fc.property(uint64, members, (number, member) => {
        const state = formOf(member).stateOf(String(number));
        if (state !== undefined) expect(Number.isSafeInteger(state) && state >= 0).toBe(true);
      }),
    );
  });

  test('of zero means any state', () => {
    expect(formOf(3).stateOf('0')).toBe(0);
  });
});

describe('a position of a member', () => {
  test('is never below 2^53, where revisions of shards are', () => {
    fc.assert(
      fc.property(revisions, members, (revision, member) => {
        const text = formsOf(member).member.ofState(revision);
        expect(BigInt(text)).toBeGreaterThanOrEqual(2n ** 53n);
        expect(parseRevision(text)).toBeUndefined();
      }),
    );
    expect(FIRST).toBeGreaterThan(0);
    expect(REVISION_EPOCH_MS).toBeLessThan(Date.UTC(2025, 1, 1));
  });

  test('means nothing to another member, to readers nor to writers', () => {
    fc.assert(
      fc.property(revisions, members, members, (revision, own, other) => {
        fc.pre(own !== other);
        const text = formsOf(other).member.ofState(revision);
        const { shard, member } = formsOf(own);
        expect(member.stateOf(text)).toBeUndefined();
        expect(member.isOf(text, cluster, revision)).toBe(false);
        expect(shard.isOf(text, cluster, revision)).toBe(false);
      }),
    );
  });

  test('is read as the future at the URLs of a shard, like any number that is too large', () => {
    const { shard, member } = formsOf(0);
    expect(shard.stateOf(member.ofState(FIRST))).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('is newer than what a shard says, so that such a number is older than all that is kept', () => {
    fc.assert(
      fc.property(revisions, (revision) => {
        expect(formsOf(0).member.stateOf(String(revision))).toBe(1);
      }),
    );
  });
});
