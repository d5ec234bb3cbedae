import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SYSTEM_USER, type User } from '../../src/access/mod.ts';
import { type Api, create, logicalClusterKey, Query, remove, type Target } from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { Fixture } from '../conformance/suite.ts';

// How many workspaces the tree has: 10,000 are what the figures in the documentation are about.
const WORKSPACES = Number(process.env['ANTIPODE_SCALE_WORKSPACES'] ?? 300);
const BRANCHES = 7;
const AT_ONCE = 64;

const context = { signal: new AbortController().signal, userAgent: 'scale', warn: () => {} };
const options = { isDryRun: false, fieldManager: 'scale', fieldValidation: 'Ignore' } as const;

function target(cluster: LogicalCluster, verb: string, name: string): Target {
  const kind = { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces', subresource: '' };
  return { user: SYSTEM_USER as User, cluster, verb, ...kind, namespace: '', name };
}

async function makeWorkspace(api: Api, parent: LogicalCluster, name: string): Promise<LogicalCluster> {
  const object = {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: 'universal', path: 'root' } },
  };
  const body = { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(object)) };
  const authorized = await api.access.authorize<Target>(target(parent, 'create', ''));
  const written = await create(api, {
    target: authorized,
    options,
    context,
    body,
    query: Query.parse(''),
  } as never);
  return JSON.parse(written.row!.json.toString()).spec.cluster;
}

it('a tree of workspaces goes at once for its users, and soon from the disk', {
  timeout: 600_000,
}, async () => {
  const fixture = new Fixture();
  await fixture.start();
  try {
    const { api } = fixture.server;
    const startedMs = performance.now();
    const startedCpu = process.cpuUsage();
    const top = await makeWorkspace(api, 'root' as LogicalCluster, 'top');
    const clusters = [top];
    for (let level = [top]; clusters.length < WORKSPACES; ) {
      const places = level.flatMap((parent) => Array.from({ length: BRANCHES }, (_, at) => ({ parent, at })));
      const wanted = places.slice(0, WORKSPACES - clusters.length).values();
      const next: LogicalCluster[] = [];
      const worker = async () => {
        for (const { parent, at } of wanted) next.push(await makeWorkspace(api, parent, `w${at}`));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      clusters.push(...next);
      level = next;
    }
    const createdMs = performance.now() - startedMs;
    const createdCpuMs = process.cpuUsage(startedCpu).user / 1000;
    const deletedMs = performance.now();
    const deletedCpu = process.cpuUsage();
    const authorized = await api.access.authorize<Target>(target('root' as LogicalCluster, 'delete', 'top'));
    await remove(api, {
      target: authorized,
      context,
      options: {
        isDryRun: false,
        uid: undefined,
        resourceVersion: undefined,
        propagationPolicy: undefined,
        isLegacyBackground: false,
      },
    });
    const invisibleMs = performance.now() - deletedMs;
    while (api.store.get(logicalClusterKey(top)) !== undefined) await delay(20);
    const goneMs = performance.now() - deletedMs;
    const goneCpuMs = process.cpuUsage(deletedCpu).user / 1000;
    console.log(
      `${WORKSPACES} workspaces: created in ${Math.round(createdMs)} ms (${Math.round(createdCpuMs)} ms of one core), refused to users after ${Math.round(invisibleMs)} ms, gone after ${Math.round(goneMs)} ms (${Math.round(goneCpuMs)} ms of one core)`,
    );
    const snapshot = api.store.snapshot();
    try {
      for (const cluster of clusters) expect(await snapshot.countOfCluster(cluster, 1)).toBe(0);
    } finally {
      snapshot.close();
    }
  } finally {
    await fixture.stop();
  }
});
