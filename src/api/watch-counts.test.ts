import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogicalCluster } from '../base/mod.ts';
import { WatchCounts } from './watch-counts.ts';

const watcher = fc.record({
  user: fc.record({
    name: fc.constantFrom('a', 'b'),
    uid: fc.constantFrom('', '1'),
    groups: fc.constantFrom([], ['system:masters']),
    extra: fc.constant({}),
  }),
  cluster: fc.constantFrom('one', 'two').map((name) => name as LogicalCluster),
});

test('nothing is remembered of users and workspaces whose watches are all over', () => {
  fc.assert(
    fc.property(fc.array(watcher, { maxLength: 50 }), fc.infiniteStream(fc.nat()), (watchers, order) => {
      const counts = new WatchCounts();
      const releases = watchers.map((one) => counts.add(one));
      expect(counts.entries > 0).toBe(watchers.some(({ user }) => user.groups.length === 0));
      while (releases.length > 0) {
        const [release] = releases.splice(Number(order.next().value) % releases.length, 1);
        release?.();
      }
      expect(counts.entries).toBe(0);
    }),
  );
});
