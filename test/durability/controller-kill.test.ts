import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Client, type KubeObject } from '../http/client.ts';
import { freePort, type ServerProcess, startServer } from '../support/server.ts';
import { Random } from './random.ts';

const ROUNDS = Number(process.env['ANTIPODE_KILL_ROUNDS'] ?? 3);
const SEED = Number(process.env['ANTIPODE_KILL_SEED'] ?? Date.now() % 1_000_000);
const KILL_AFTER_MS_MAX = 500;
const EVENT_TTL_S = 2;
const EVENTS = 320;
const EVENTS_AT_ONCE = 16;
const NAMESPACES = 12;
const PARTS = 12;
const ROUND_TIMEOUT_MS = 60_000;
const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles';

it(
  `controllers do after a restart what they owed when they were killed, ${ROUNDS} times`,
  async () => {
    console.log(`kill -9: to repeat, set ANTIPODE_KILL_SEED=${SEED} ANTIPODE_KILL_ROUNDS=${ROUNDS}`);
    const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-controller-kill-'));
    onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
    const options = { rootDirectory, port: await freePort(), args: ['--event-ttl', `${EVENT_TTL_S}s`] };
    const random = new Random(SEED);
    let server = await startServer(options);
    const first = server;
    onTestFinished(async () => void (await first.stop()));
    for (let round = 0; round < ROUNDS; round++) {
      const writer = new Client(server);
      const paths = await prepare(writer, round);
      const owed = owe(writer, round, paths);
      await delay(random.below(KILL_AFTER_MS_MAX));
      await server.kill('SIGKILL');
      await owed;
      writer.close();
      server = await startServer(options);
      const restarted = server;
      onTestFinished(async () => void (await restarted.stop()));
      await expectDone(restarted, round);
    }
  },
  (ROUNDS + 1) * ROUND_TIMEOUT_MS,
);

/** What the work of a round is about. Events come so that they expire while the rest goes on. */
async function prepare(client: Client, round: number): Promise<readonly string[]> {
  // Some at a time: each call in parallel is a connection of its own.
  for (let index = 0; index < EVENTS; index += EVENTS_AT_ONCE) {
    const numbers = Array.from({ length: EVENTS_AT_ONCE }, (_, at) => index + at);
    await Promise.all(numbers.map((number) => createEvent(client, `e-${round}-${number}`)));
  }
  const rule = { clusterRoleSelectors: [{ matchLabels: { part: `of-${round}` } }] };
  await client.create(ROLES, { metadata: { name: `sum-${round}` }, rules: [], aggregationRule: rule });
  const names = Array.from({ length: NAMESPACES }, (_, index) => `old-${round}-${index}`);
  await Promise.all(names.map((name) => client.create('/api/v1/namespaces', { metadata: { name } })));
  const paths = names.map((name) => `/api/v1/namespaces/${name}`);
  await Promise.all(
    paths
      .flatMap((path) => [`${path}/configmaps/kube-root-ca.crt`, `${path}/serviceaccounts/default`])
      .map((path) => client.until(path, (_object, status) => status === 200)),
  );
  await delay(EVENT_TTL_S * 1_000);
  return paths;
}

function createEvent(client: Client, name: string): Promise<KubeObject> {
  const involvedObject = { kind: 'ConfigMap', namespace: 'default', name: 'some' };
  return client.create('/api/v1/namespaces/default/events', { metadata: { name }, involvedObject });
}

/** Asks for everything that controllers react to; whether the server still answers does not matter. */
async function owe(client: Client, round: number, paths: readonly string[]): Promise<void> {
  const calls: Promise<unknown>[] = [];
  const call = (method: string, path: string, body?: unknown) => {
    const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
    calls.push(client.call(path, { method, headers, ...(body === undefined ? {} : { body }) }));
  };
  for (let index = 0; index < PARTS; index++) {
    const rules = [{ verbs: ['get'], apiGroups: ['example.com'], resources: [`r${index}`] }];
    const metadata = { name: `part-${round}-${index}`, labels: { part: `of-${round}` } };
    call('POST', ROLES, { metadata, rules });
  }
  for (const [index, path] of paths.entries()) {
    call('POST', '/api/v1/namespaces', { metadata: { name: `new-${round}-${index}` } });
    if (index % 3 === 0) call('DELETE', `${path}/serviceaccounts/default`);
    else if (index % 3 === 1) call('DELETE', `${path}/configmaps/kube-root-ca.crt`);
    else call('PATCH', `${path}/configmaps/kube-root-ca.crt`, { data: { 'ca.crt': 'forged' } });
  }
  call('DELETE', '/api/v1/namespaces/kube-node-lease');
  await Promise.allSettled(calls);
}

async function expectDone(server: ServerProcess, round: number): Promise<void> {
  const client = new Client(server);
  await client.until(
    '/api/v1/namespaces/kube-node-lease',
    (object, status) => status === 200 && isActive(object),
  );
  const { items: namespaces } = await client.list('/api/v1/namespaces');
  for (const { metadata } of namespaces) {
    const path = `/api/v1/namespaces/${metadata.name}`;
    const isRight = ({ data }: KubeObject) =>
      JSON.stringify(data) === JSON.stringify({ 'ca.crt': server.ca });
    await client.until(`${path}/configmaps/kube-root-ca.crt`, isRight);
    await client.until(`${path}/serviceaccounts/default`, (_object, status) => status === 200);
  }
  const { items: roles } = await client.list(ROLES);
  const parts = roles.filter(({ metadata }) => metadata.labels?.['part'] === `of-${round}`);
  const wanted = JSON.stringify(parts.flatMap(({ rules }) => rules));
  const gathered = await client.until(`${ROLES}/sum-${round}`, ({ rules }) => {
    return JSON.stringify(rules ?? []) === wanted;
  });
  expect(JSON.stringify(gathered['rules'] ?? [])).toBe(wanted);
  // Warnings of the garbage collector, say, would be other events.
  await client.until(
    '/api/v1/namespaces/default/events',
    (list) => (list['items'] as unknown[]).length === 0,
  );
  client.close();
}

function isActive({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}
