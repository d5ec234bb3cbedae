import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Client, KubeObject } from '../http/client.ts';
import type { ServerProcess } from '../support/server.ts';
import { killRounds, ROUNDS } from './kill-rounds.ts';

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
  () =>
    killRounds({
      name: 'controller-kill',
      killAfterMsMax: KILL_AFTER_MS_MAX,
      args: ['--event-ttl', `${EVENT_TTL_S}s`],
      async begin(writer, round) {
        const paths = await prepare(writer, round);
        const work = owe(writer, round, paths);
        return { work, check: (reader, server) => expectDone(reader, server, round) };
      },
    }),
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

async function expectDone(client: Client, server: ServerProcess, round: number): Promise<void> {
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
}

function isActive({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}
