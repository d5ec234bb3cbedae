import { expect, it, onTestFinished } from 'vitest';
import { SYSTEM_USER } from '../../src/access/mod.ts';
import {
  create,
  parseWriteOptions,
  Query,
  type RequestContext,
  type Target,
  writeQuotaStatus,
} from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { type JsonObject, objectOf } from '../../src/machinery/mod.ts';
import { startMemoryMember } from '../support/memory-member.ts';

const CLUSTER = 'here' as LogicalCluster;

it.each([
  ['new numbers', { used: objectOf({ secrets: '7' }) }],
  ['numbers that are there already', {}],
])('counts again when a count is no longer true in the turn of its commit: %s', async (_what, changes) => {
  const member = await startMemoryMember({ cluster: CLUSTER });
  onTestFinished(() => member.close());
  const { api } = member;
  const key = {
    cluster: CLUSTER,
    group: '',
    resource: 'resourcequotas',
    identity: '',
    namespace: 'default',
    name: 'quota',
  };
  const target = await api.access.authorize<Target>({
    user: SYSTEM_USER,
    verb: 'create',
    version: 'v1',
    subresource: '',
    ...key,
    name: '',
  });
  const { signal } = new AbortController();
  const context: RequestContext = { signal, userAgent: 'test', warn: () => {} };
  const options = parseWriteOptions(Query.parse(''), { userAgent: 'test', kind: 'CreateOptions' });
  const object = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'quota' },
    spec: { hard: { secrets: '9' } },
  };
  const body = { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(object)) };
  await create(api, { target, options, context, body });
  await member.settled();
  const before = api.store.newest(key)!;
  let asked = 0;
  await writeQuotaStatus(api, {
    key,
    uid: before.uid,
    signal,
    statusOf(quota) {
      asked += 1;
      const attempt = asked;
      const status = objectOf({ ...(quota['status'] as JsonObject), ...changes });
      return { status, count: { isStale: () => attempt < 3 } };
    },
  });
  expect(asked).toBe(3);
  const after = JSON.parse(api.store.newest(key)!.json.toString());
  expect(after.status).toEqual({ hard: { secrets: '9' }, used: { secrets: '0' }, ...changes });
});
