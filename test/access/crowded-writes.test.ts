import { afterEach, beforeEach, expect, test } from 'vitest';
import { SYSTEM_USER, type User } from '../../src/access/mod.ts';
import { type Api, create, type KindHooks, type RequestContext, type Target } from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { type MemoryMember, startMemoryMember } from '../support/memory-member.ts';

const HERE = 'here' as LogicalCluster;
const OWNER: User = { name: 'owner', uid: '', groups: ['system:authenticated'], extra: {} };
const AT_ONCE = 60;

/** The kinds whose objects decide about requests, or are what decides relies on: each write moves the ground of all. */
const KINDS = [
  { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apiexports', kind: 'APIExport' },
  { group: 'apis.kcp.dev', version: 'v1alpha1', resource: 'apiexports', kind: 'APIExport' },
  { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterroles', kind: 'ClusterRole' },
] as const;

const CONFIG_MAPS = { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap' };

let attempts: number;
let attemptsByName: Map<string, number>;
let member: MemoryMember;
let api: Api;

const counted = (kind: { readonly group: string; readonly resource: string }): KindHooks => ({
  ...kind,
  complete(_api, _attempt, { key }) {
    attempts += 1;
    attemptsByName.set(key.name, (attemptsByName.get(key.name) ?? 0) + 1);
    return undefined;
  },
});

beforeEach(async () => {
  const hooks = [counted(KINDS[0]), counted(KINDS[2]), counted(CONFIG_MAPS)];
  member = await startMemoryMember({ cluster: HERE, hooks });
  api = member.api;
  const binding = {
    kind: 'ClusterRoleBinding',
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: OWNER.name }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  };
  await post(
    SYSTEM_USER,
    { ...KINDS[2], resource: 'clusterrolebindings', kind: binding.kind },
    'owner',
    binding,
  );
  attempts = 0;
  attemptsByName = new Map();
});
afterEach(() => member.close());

const { signal } = new AbortController();
const context: RequestContext = { signal, userAgent: 'test', warn: () => {} };

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
}

async function post(user: User, { group, version, resource, kind }: Kind, name: string, more: object = {}) {
  const namespace = group === '' ? 'default' : '';
  const place = { cluster: HERE, group, version, resource, namespace, name: '', subresource: '' };
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const body = { apiVersion, kind, metadata: { name }, ...more };
  return create(api, {
    target: await api.access.authorize<Target>({ user, verb: 'create', ...place }),
    options: { isDryRun: false, fieldManager: 'test', fieldValidation: 'Strict' },
    context,
    body: { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(body)) },
  });
}

test.each(KINDS)('takes a few attempts for each of many $resource of $group at once', async (kind) => {
  await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => post(OWNER, kind, `one-${index}`)));
  // One that fails for each, one in its turn, and one more for what comes in between.
  expect(attempts).toBeLessThanOrEqual(3 * AT_ONCE);
  expect(attempts).toBeGreaterThan(AT_ONCE);
});

test('takes a few attempts for a write of anything else while roles are written all the time', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `one-${index}`);
  let isOver = false;
  let roles = 0;
  const writeRoles = async (): Promise<void> => {
    while (!isOver) await post(OWNER, KINDS[2], `role-${roles++}`);
  };
  const writers = Array.from({ length: 8 }, writeRoles);
  for (const name of names) await post(OWNER, CONFIG_MAPS, name);
  isOver = true;
  await Promise.all(writers);
  expect(roles).toBeGreaterThan(names.length);
  // One that fails, one in its turn, and a few for roles that were under way before anybody waited.
  expect(Math.max(...names.map((name) => attemptsByName.get(name) ?? 0))).toBeLessThanOrEqual(4);
});
