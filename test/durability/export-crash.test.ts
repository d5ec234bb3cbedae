import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SYSTEM_USER } from '../../src/access/mod.ts';
import { type Api, create, parseWriteOptions, Query, type Target } from '../../src/api/mod.ts';
import { ROOT_CLUSTER } from '../../src/base/mod.ts';
import { endpointSliceControllers, exportIdentityController } from '../../src/controllers/mod.ts';
import {
  apisKey,
  ENDPOINT_SLICES,
  endpointHooks,
  exportHooks,
  IDENTITY_NAMESPACE,
  identitySecretHooks,
  secretKey,
} from '../../src/exports/mod.ts';
import { StatusError } from '../../src/machinery/mod.ts';
import { type MemoryMember, startMemoryMember } from '../support/memory-member.ts';

const NAMES = ['a', 'b', 'c'];
const TURNS_MAX = 80;

/** An export, its Secret and its slice are in two logs: whenever the power goes, they come to be one thing. */
describe('an export that is made while the power goes', () => {
  it('has its identity and its slice after the next start, or is not there and can be made', async () => {
    // Where the crashes met the three of them.
    const met = { nothing: 0, secretAlone: 0, noSlice: 0, all: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }),
        fc.nat(TURNS_MAX),
        async (disks, crashTurn) => {
          let syncs = 0;
          const beforeSync = () => turns(disks[syncs++ % disks.length] ?? 0);
          const first = await startMemoryMember({
            cluster: ROOT_CLUSTER,
            disk: { beforeSync },
            hooks: [exportHooks, identitySecretHooks, ...endpointHooks],
            controllers: (api) => [...endpointSliceControllers(api), exportIdentityController(api)],
          });
          const answered = new Set<string>();
          const running = NAMES.map(async (name, index) => {
            await turns(index * 2);
            await makeExport(first.api, name);
            answered.add(name);
          });
          void Promise.allSettled(running);
          await turns(crashTurn);
          const promised = [...answered];
          const member = await first.crash();
          for (const name of NAMES) {
            const { apiExport, secret, slice } = partsOf(member.api, name);
            if (promised.includes(name)) expect(apiExport).toBeDefined();
            // Whoever has heard of an identity finds it again.
            if (apiExport !== undefined) expect(secret).toBeDefined();
            if (slice !== undefined) expect(apiExport).toBeDefined();
            if (apiExport === undefined) met[secret === undefined ? 'nothing' : 'secretAlone'] += 1;
            else met[slice === undefined ? 'noSlice' : 'all'] += 1;
          }
          await member.settled();
          for (const name of NAMES) {
            if (partsOf(member.api, name).apiExport === undefined) await makeExport(member.api, name);
            assertWhole(member, name);
          }
          await member.close();
        },
      ),
      { numRuns: 60 },
    );
    for (const count of Object.values(met)) expect(count).toBeGreaterThan(0);
  }, 240_000);
});

function partsOf(api: Api, name: string) {
  const read = (key: Parameters<Api['store']['get']>[0]) => {
    const row = api.store.get(key);
    return row === undefined ? undefined : JSON.parse(row.json.toString());
  };
  return {
    apiExport: read(apisKey(ROOT_CLUSTER, 'apiexports', name)),
    secret: read(secretKey(ROOT_CLUSTER, { namespace: IDENTITY_NAMESPACE, name })),
    slice: read(apisKey(ROOT_CLUSTER, ENDPOINT_SLICES, name)),
  };
}

function assertWhole(member: MemoryMember, name: string): void {
  const { apiExport, secret, slice } = partsOf(member.api, name);
  const key = Buffer.from(secret.data.key, 'base64');
  expect(apiExport.status.identityHash).toBe(createHash('sha256').update(key).digest('hex'));
  expect(apiExport.status.conditions).toContainEqual(
    expect.objectContaining({ type: 'IdentityValid', status: 'True' }),
  );
  expect(slice.metadata.ownerReferences).toEqual([
    expect.objectContaining({ kind: 'APIExport', name, uid: apiExport.metadata.uid }),
  ]);
}

async function makeExport(api: Api, name: string): Promise<void> {
  const kind = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apiexports', subresource: '' };
  const place = { cluster: ROOT_CLUSTER, namespace: '', name: '' };
  const asked: Target = { user: SYSTEM_USER, verb: 'create', ...kind, ...place };
  const target = await api.access.authorize(asked);
  const object = { apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIExport', metadata: { name } };
  const body = { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(object)) };
  const options = parseWriteOptions(Query.parse(''), { userAgent: 'test', kind: 'CreateOptions' });
  const context = { signal: new AbortController().signal, userAgent: 'test', warn: () => {} };
  try {
    await create(api, { target, options, context, body });
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
