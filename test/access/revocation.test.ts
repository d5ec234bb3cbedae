import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestToken } from '../../src/api/mod.ts';
import { StatusError } from '../../src/machinery/mod.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import {
  Caller,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  clusterRole,
  clusterRoleBinding,
  contextOf,
  userOf,
  writeOptions,
} from './suite.ts';

const CONFIG_MAPS = { group: '', resource: 'configmaps', namespace: 'default' };
const GRANT = { ...CLUSTER_ROLE_BINDINGS, name: 'writers' };

let server: InProcessServer;
beforeAll(async () => {
  server = await startInProcess();
});
afterAll(() => server.stop());

let clusters = 0;
/** A workspace that alice may enter, with a role that lets write config maps and ask for tokens, and nobody who has it. */
async function newWorkspace() {
  const name = `revocation-${++clusters}`;
  await server.createCluster(name);
  const owner = new Caller(server.api, name);
  const resources = ['configmaps', 'serviceaccounts/token'];
  const rules = [{ verbs: ['create'], apiGroups: [''], resources }];
  await owner.create(CLUSTER_ROLES, clusterRole('writer', rules));
  const entry = clusterRoleBinding('entry', 'system:kcp:workspace:access', ['alice']);
  await owner.create(CLUSTER_ROLE_BINDINGS, entry);
  return { owner, alice: new Caller(server.api, name, userOf('alice')) };
}

const grant = () => clusterRoleBinding('writers', 'writer', ['alice']);
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

type Step = 'grant' | 'revoke' | 'write';

/** Everything at once, each step some turns of the event loop after the one before. */
function run(
  steps: readonly { readonly step: Step; readonly turns: number }[],
  { owner, alice }: Awaited<ReturnType<typeof newWorkspace>>,
) {
  const done: { readonly step: Step; readonly revision: number }[] = [];
  const refusals: StatusError[] = [];
  const act = async (step: Step, index: number) => {
    try {
      const { revision } =
        step === 'write'
          ? await alice.create(CONFIG_MAPS, configMap(`c${index}`))
          : step === 'grant'
            ? await owner.create(CLUSTER_ROLE_BINDINGS, grant())
            : await owner.delete(GRANT);
      done.push({ step, revision: revision! });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (step === 'write') refusals.push(error);
    }
  };
  return (async () => {
    const acts: Promise<void>[] = [];
    for (const [index, { step, turns }] of steps.entries()) {
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      acts.push(act(step, index));
    }
    await Promise.all(acts);
    return { done: done.sort((a, b) => a.revision - b.revision), refusals };
  })();
}

test('no write is sequenced after its right was taken away, in whatever order things happen', async () => {
  const step = fc.record({
    step: fc.constantFrom<Step>('grant', 'revoke', 'write', 'write', 'write'),
    turns: fc.constantFrom(0, 0, 0, 1, 2, 5, 20),
  });
  let writes = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const { done, refusals } = await run([{ step: 'grant', turns: 0 }, ...steps], await newWorkspace());
      let isGranted = false;
      for (const { step } of done) {
        if (step !== 'write') isGranted = step === 'grant';
        else {
          writes += 1;
          expect(isGranted).toBe(true);
        }
      }
      refused += refusals.length;
      for (const { code } of refusals) expect([403, 409]).toContain(code);
    }),
    { numRuns: 25 },
  );
  // Both happened, or this would say nothing.
  expect(writes).toBeGreaterThan(5);
  expect(refused).toBeGreaterThan(5);
}, 60_000);

test('a write that begins after a revocation was acknowledged is refused', async () => {
  const { owner, alice } = await newWorkspace();
  for (let round = 0; round < 20; round++) {
    await owner.create(CLUSTER_ROLE_BINDINGS, grant());
    await alice.create(CONFIG_MAPS, configMap(`round-${round}`));
    // A crowd keeps the log busy meanwhile.
    const crowd = Array.from({ length: 10 }, (_, at) =>
      owner.create(CONFIG_MAPS, configMap(`crowd-${round}-${at}`)),
    );
    await owner.delete(GRANT);
    await expect(alice.create(CONFIG_MAPS, configMap(`late-${round}`))).rejects.toMatchObject({ code: 403 });
    await Promise.all(crowd);
  }
});

test('a write that was allowed, and whose right goes before it is sequenced, is refused as one that comes now', async () => {
  const { owner, alice } = await newWorkspace();
  await owner.create(CLUSTER_ROLE_BINDINGS, grant());
  const revocation = owner.delete(GRANT);
  const write = alice.create(CONFIG_MAPS, configMap('a'));
  const [, outcome] = await Promise.allSettled([revocation, write]);
  expect(outcome).toMatchObject({
    status: 'rejected',
    reason: {
      message:
        'configmaps is forbidden: User "alice" cannot create resource "configmaps" in API group "" in the namespace "default"',
    },
  });
});

test('a write that takes its time is judged by the rights of when it is sequenced', async () => {
  const { owner, alice } = await newWorkspace();
  await owner.create(CLUSTER_ROLE_BINDINGS, grant());
  const target = await alice.authorized('create', CONFIG_MAPS);
  await owner.delete(GRANT);
  await expect(alice.createAs(target, configMap('a'))).rejects.toMatchObject({ code: 403 });
  // Rights that came back in the meantime are rights.
  await owner.create(CLUSTER_ROLE_BINDINGS, grant());
  await expect(alice.createAs(target, configMap('a'))).resolves.toBeDefined();
});

test('a token whose request takes its time is issued by the rights of when it is issued', async () => {
  const { owner, alice } = await newWorkspace();
  const accounts = { group: '', resource: 'serviceaccounts', namespace: 'default' };
  const metadata = { name: 'robot' };
  await owner.create(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  await owner.create(CLUSTER_ROLE_BINDINGS, grant());
  const target = await alice.authorized('create', { ...accounts, ...metadata, subresource: 'token' });
  const body = { mediaType: 'application/json', bytes: Buffer.from('{"spec":{}}') };
  const request = { target, options: writeOptions(), context: contextOf(), body };
  await owner.delete(GRANT);
  await expect(requestToken(server.api, request)).rejects.toMatchObject({ code: 403 });
  await owner.create(CLUSTER_ROLE_BINDINGS, grant());
  await expect(requestToken(server.api, request)).resolves.toMatchObject({
    status: { token: expect.any(String) },
  });
});
