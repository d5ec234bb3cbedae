import { setTimeout as delay } from 'node:timers/promises';
import {
  CoreV1Api,
  CustomObjectsApi,
  type Informer,
  KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  makeInformer,
  type ObjectCache,
} from '@kubernetes/client-node';
import { expect, onTestFinished, test } from 'vitest';
import { Client, configMap, seedNamespace } from '../http/client.ts';
import { type ServerProcess, startServer } from '../support/server.ts';

const GROUP = 'informer.example.com';
const CUSTOM_RESOURCE_DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { data: { type: 'object', additionalProperties: { type: 'string' } } },
          },
        },
      },
    ],
  },
};

const NAMESPACE = '/api/v1/namespaces/default';
const CONFIG_MAPS = `${NAMESPACE}/configmaps`;
const WIDGETS = `/apis/${GROUP}/v1/namespaces/default/widgets`;
/** Long enough for the informer not to spin while the server is away. */
const RESTART_MS = 50;
const SETTLE_MS = 15_000;

interface Counts {
  readonly added: number;
  readonly updated: number;
  readonly deleted: number;
}

/** An informer as its users run it, and what it told its handlers. */
class Observer {
  readonly counts = new Map<string, Counts>();
  readonly #informer: Informer<KubernetesObject> & ObjectCache<KubernetesObject>;
  #isStopped = false;
  #connections = 0;

  constructor(informer: Informer<KubernetesObject> & ObjectCache<KubernetesObject>) {
    this.#informer = informer;
    informer.on('add', (object) => this.#count(object, 'added'));
    informer.on('update', (object) => this.#count(object, 'updated'));
    informer.on('delete', (object) => this.#count(object, 'deleted'));
    informer.on('connect', () => {
      this.#connections += 1;
    });
    informer.on('error', () => {
      setTimeout(() => {
        if (!this.#isStopped) void this.#informer.start();
      }, RESTART_MS);
    });
  }

  get connections(): number {
    return this.#connections;
  }

  async start(): Promise<void> {
    await this.#informer.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#informer.stop();
  }

  /** `name uid resourceVersion` of what the cache holds, sorted. */
  contents(): readonly string[] {
    return this.#informer.list().map(lineOf).sort();
  }

  #count(object: KubernetesObject, verb: keyof Counts): void {
    const name = object.metadata?.name ?? '';
    const counts = this.counts.get(name) ?? { added: 0, updated: 0, deleted: 0 };
    this.counts.set(name, { ...counts, [verb]: counts[verb] + 1 });
  }
}

function lineOf(object: Pick<KubernetesObject, 'metadata'>): string {
  const { name, uid, resourceVersion } = object.metadata ?? {};
  return `${name} ${uid} ${resourceVersion}`;
}

/** Repeats a write until it is known to be done: the server may be killed before it answers. */
async function insist(client: Client, path: string, call: { method: string; body?: unknown }): Promise<void> {
  const headers = {
    'content-type': call.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
  };
  const deadlineMs = Date.now() + SETTLE_MS;
  for (;;) {
    try {
      const { status, text } = await client.call(path, { ...call, headers });
      const isRepeat =
        (call.method === 'POST' && status === 409) || (call.method === 'DELETE' && status === 404);
      if (status < 300 || isRepeat) return;
      if (status < 500 && status !== 429) throw new Refused(`${call.method} ${path}: ${status} ${text}`);
    } catch (error) {
      if (error instanceof Refused || Date.now() > deadlineMs) throw error;
    }
    await delay(20);
  }
}

class Refused extends Error {}

/** The life of one object: created, changed `changes` times, and deleted unless it stays. */
async function live(client: Client, collection: string, life: Life): Promise<void> {
  const { name, changes, stays } = life;
  const kind = collection === WIDGETS ? { apiVersion: `${GROUP}/v1`, kind: 'Widget' } : {};
  const object = { ...configMap(name, { labels: { parity: 'even' }, data: { n: '0' } }), ...kind };
  await insist(client, collection, { method: 'POST', body: object });
  for (let n = 1; n <= changes; n += 1) {
    const labels = { parity: n % 2 === 0 ? 'even' : 'odd' };
    await insist(client, `${collection}/${name}`, {
      method: 'PATCH',
      body: { metadata: { labels }, data: { n: String(n) } },
    });
  }
  if (!stays) await insist(client, `${collection}/${name}`, { method: 'DELETE' });
}

interface Life {
  readonly name: string;
  readonly changes: number;
  readonly stays: boolean;
}

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'informers lose and double nothing while a server is written to, ended by %s, and started again',
  async (signal) => {
    const first = await startServer();
    onTestFinished(async () => void (await first.stop()));
    const client = new Client(first);
    onTestFinished(() => client.close());
    await client.create(
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      CUSTOM_RESOURCE_DEFINITION,
    );
    await client.until(WIDGETS, (_object, status) => status === 200);
    await seedNamespace(client, 'default');
    const observers = observe(first);
    const all = [observers.configMaps, observers.even, observers.widgets];
    onTestFinished(async () => void (await Promise.all(all.map((observer) => observer.stop()))));
    await Promise.all(all.map((observer) => observer.start()));

    const lives = Array.from({ length: 24 }, (_value, index) => ({
      name: `life-${index}`,
      changes: 6 + (index % 4),
      stays: index % 3 !== 0,
    }));
    const early = lives.slice(0, 8);
    const middle = lives.slice(8, 16);
    const late = lives.slice(16);
    const write = (some: readonly Life[]) =>
      Promise.all(some.flatMap((life) => [live(client, CONFIG_MAPS, life), live(client, WIDGETS, life)]));
    await write(early);
    const writing = write(middle);
    await delay(30);
    await first.kill(signal);
    // Some writes go on failing while nobody listens.
    await delay(100);
    const second = await startServer({ rootDirectory: first.rootDirectory, port: first.port });
    onTestFinished(async () => void (await second.stop()));
    await writing;
    await write(late);

    const expectations = [
      [observers.configMaps, CONFIG_MAPS],
      [observers.even, `${CONFIG_MAPS}?labelSelector=parity%3Deven`],
      [observers.widgets, WIDGETS],
    ] as const;
    for (const [observer, path] of expectations) {
      const list = (await client.list(path)).items
        .map(({ metadata: { name, uid, resourceVersion } }) =>
          lineOf({ metadata: { name, uid, resourceVersion } }),
        )
        .sort();
      await expect.poll(() => observer.contents(), { timeout: SETTLE_MS }).toEqual(list);
      expect(observer.connections).toBeGreaterThan(1);
    }
    for (const { name, changes, stays } of lives) {
      const deleted = stays ? 0 : 1;
      const whole = { added: 1, updated: changes, deleted };
      expect(observers.configMaps.counts.get(name), `ConfigMap ${name}`).toEqual(whole);
      expect(observers.widgets.counts.get(name), `Widget ${name}`).toEqual(whole);
      // Every change flips the label: an object leaves the selection and comes back.
      const added = 1 + Math.floor(changes / 2);
      const left = Math.ceil(changes / 2);
      const end = !stays && changes % 2 === 0 ? 1 : 0;
      const even = { added, updated: 0, deleted: left + end };
      expect(observers.even.counts.get(name), `even ConfigMap ${name}`).toEqual(even);
    }
  },
  60_000,
);

function observe(server: ServerProcess): Readonly<Record<'configMaps' | 'even' | 'widgets', Observer>> {
  const config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const custom = config.makeApiClient(CustomObjectsApi);
  const even = 'parity=even';
  const listOfWidgets = async (): Promise<KubernetesListObject<KubernetesObject>> =>
    await custom.listNamespacedCustomObject({
      group: GROUP,
      version: 'v1',
      namespace: 'default',
      plural: 'widgets',
    });
  return {
    configMaps: new Observer(
      makeInformer(config, CONFIG_MAPS, () => core.listNamespacedConfigMap({ namespace: 'default' })),
    ),
    even: new Observer(
      makeInformer(
        config,
        CONFIG_MAPS,
        () => core.listNamespacedConfigMap({ namespace: 'default', labelSelector: even }),
        even,
      ),
    ),
    widgets: new Observer(makeInformer(config, WIDGETS, listOfWidgets)),
  };
}
