import { expect, it } from 'vitest';
import { SYSTEM_USER } from '../../src/access/mod.ts';
import { type Api, create, logicalClusterKey, Query, remove, type Target } from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { type MemoryMember, startMemoryMember } from '../support/memory-member.ts';
import { Random } from './random.ts';

const SEED = Number(process.env['ANTIPODE_KILL_SEED'] ?? Date.now() % 1_000_000);
const ROUNDS = Math.min(Number(process.env['ANTIPODE_KILL_ROUNDS'] ?? 4), 50);
const ROOT = 'root' as LogicalCluster;
const PER_LEVEL = 3;

const context = { signal: new AbortController().signal, userAgent: 'test', warn: () => {} };
const options = { isDryRun: false, fieldManager: 'test', fieldValidation: 'Ignore' } as const;

function tenancy(cluster: LogicalCluster, verb: string, resource: string, name: string): Target {
  const kind = { group: 'tenancy.kcp.io', version: 'v1alpha1', resource, subresource: '', namespace: '' };
  return { user: SYSTEM_USER, cluster, verb, name, ...kind };
}

async function make(api: Api, place: Target, object: object): Promise<{ spec: { cluster: LogicalCluster } }> {
  const body = { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(object)) };
  const target = await api.access.authorize<Target>(place);
  const written = await create(api, { target, options, context, body, query: Query.parse('') } as never);
  return JSON.parse(written.row!.json.toString());
}

async function makeWorkspace(api: Api, parent: LogicalCluster, name: string): Promise<LogicalCluster> {
  const made = await make(api, tenancy(parent, 'create', 'workspaces', ''), {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: 'plain', path: 'root' } },
  });
  await make(
    api,
    {
      ...tenancy(made.spec.cluster, 'create', 'configmaps', ''),
      group: '',
      version: 'v1',
      namespace: 'default',
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'content', namespace: 'default' } },
  );
  // In the other log of the member.
  await make(
    api,
    { ...tenancy(made.spec.cluster, 'create', 'apiexports', ''), group: 'apis.kcp.io', version: 'v1alpha2' },
    { apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIExport', metadata: { name: 'offer' } },
  );
  return made.spec.cluster;
}

/** A logical cluster is there with its LogicalCluster, or there is nothing of it. */
async function isWhole(api: Api, cluster: LogicalCluster): Promise<boolean> {
  const snapshot = api.store.snapshot();
  try {
    const isThere = snapshot.get(logicalClusterKey(cluster)) !== undefined;
    return isThere || (await snapshot.countOfCluster(cluster, 1)) === 0;
  } finally {
    snapshot.close();
  }
}

it('goes on with the deletion of a tree after power was lost, wherever it was', {
  timeout: 120_000,
}, async () => {
  console.log(`to repeat, set ANTIPODE_KILL_SEED=${SEED}`);
  const random = new Random(SEED);
  let crashes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let member: MemoryMember = await startMemoryMember({ cluster: ROOT });
    await make(member.api, tenancy(ROOT, 'create', 'workspacetypes', ''), {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name: 'plain' },
      spec: { extend: { with: [{ name: 'universal', path: 'root' }] } },
    });
    const top = await makeWorkspace(member.api, ROOT, 'top');
    const clusters = [top];
    for (let at = 0; at < PER_LEVEL; at++) {
      const middle = await makeWorkspace(member.api, top, `m${at}`);
      clusters.push(middle);
      for (let low = 0; low < PER_LEVEL; low++)
        clusters.push(await makeWorkspace(member.api, middle, `l${low}`));
    }
    const target = await member.api.access.authorize<Target>(tenancy(ROOT, 'delete', 'workspaces', 'top'));
    const asked = { isDryRun: false, uid: undefined, resourceVersion: undefined };
    const deletion = { ...asked, propagationPolicy: undefined, isLegacyBackground: false } as const;
    await remove(member.api, { target, context, options: deletion });
    // Each time it gets a little further.
    while (member.api.store.get(logicalClusterKey(top)) !== undefined) {
      for (let turns = random.below(60) + 5; turns > 0; turns--)
        await new Promise((resolve) => setImmediate(resolve));
      member = await member.crash();
      crashes += 1;
      for (const cluster of clusters)
        expect([cluster, await isWhole(member.api, cluster)]).toEqual([cluster, true]);
    }
    await member.settled();
    const snapshot = member.api.store.snapshot();
    for (const cluster of clusters) expect(await snapshot.countOfCluster(cluster, 1)).toBe(0);
    snapshot.close();
    await member.close();
  }
  expect(crashes).toBeGreaterThan(0);
});
