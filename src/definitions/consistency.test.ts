import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectOf } from '../machinery/mod.ts';
import { consistencyOf, convergentIdentity, isConvergentIdentity } from './consistency.ts';
import { definitionFromCrd } from './crd/mod.ts';
import { isConvergent, withOwnConsistency } from './kcp/mod.ts';
import { collectionOf } from './registry.ts';

const identities = fc.stringMatching(/^[0-9a-f]{64}$/);

test('an identity in a key says whether its objects converge, and no hash says so by chance', () => {
  fc.assert(
    fc.property(identities, (identity) => {
      expect(isConvergentIdentity(identity)).toBe(false);
      expect(isConvergentIdentity(convergentIdentity(identity))).toBe(true);
    }),
  );
});

test('nothing but what can be chosen is a consistency', () => {
  expect(consistencyOf('Convergent')).toBe('Convergent');
  for (const other of [undefined, '', 'convergent', 'Homed', 'toString'])
    expect(consistencyOf(other)).toBe(undefined);
});

function definitionOf(group: string, plural: string, consistency: string | undefined) {
  const versions = [objectOf({ name: 'v1', served: true, storage: true })];
  const names = objectOf({ plural, kind: 'Thing' });
  const spec = objectOf({ group, names, scope: 'Cluster', versions, consistency });
  const metadata = objectOf({ name: `${plural}.${group}` });
  return withOwnConsistency(definitionFromCrd(objectOf({ metadata, spec }) as never));
}

test.each([
  ['example.com', 'things', undefined, false, ''],
  ['example.com', 'things', 'Convergent', true, 'convergent.'],
  // Those of kcp converge by their names, and are where they ever were.
  ['tenancy.kcp.io', 'workspacetypes', undefined, true, ''],
  ['tenancy.kcp.io', 'workspacetypes', 'Convergent', true, ''],
])('objects of %s %s, chosen to be %s, converge: %s', (group, plural, consistency, isShared, prefix) => {
  const bound = { ...definitionOf(group, plural, consistency), identity: 'abc' };
  const collection = collectionOf('c' as never, bound);
  expect(collection.identity).toBe(`${prefix}abc`);
  expect(isConvergent(collection)).toBe(isShared);
  expect(bound.consistency).toBe(isShared ? 'Convergent' : undefined);
});

test('a kind that comes from no export keeps its objects where those of such kinds are', () => {
  expect(collectionOf('c' as never, definitionOf('example.com', 'things', undefined)).identity).toBe('');
});

test('two schemas that differ in their consistency alone are two definitions', () => {
  const [plain, shared] = [undefined, 'Convergent'].map(
    (one) => definitionOf('example.com', 'things', one).hash,
  );
  expect(plain).not.toBe(shared);
});
