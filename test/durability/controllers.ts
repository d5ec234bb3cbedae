import type { Client } from '../http/client.ts';

/** Deletions that take controllers many commits, for a kill to interrupt. */
export class SlowDeletions {
  readonly #round: number;
  readonly #count: number;
  #preparedAt = '';

  constructor(round: number, count: number) {
    this.#round = round;
    this.#count = count;
  }

  /** Makes a full namespace, a CRD with objects, and an owner with dependents. */
  async prepare(client: Client): Promise<void> {
    const { group, plural } = this.#kind;
    await Promise.all([
      client.create('/api/v1/namespaces', { metadata: { name: this.#full } }),
      client.create('/api/v1/namespaces', { metadata: { name: this.#family } }),
      client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', this.#definition()),
    ]);
    const owner = await client.create(this.#secrets, { metadata: { name: 'owner' } });
    const reference = {
      apiVersion: 'v1',
      kind: 'Secret',
      name: 'owner',
      uid: owner.metadata.uid,
      blockOwnerDeletion: true,
    };
    await client.until(this.#definitionPath, (crd) => JSON.stringify(crd).includes('"InitialNamesAccepted"'));
    const all = Array.from({ length: this.#count }, (_, index) => `o${index}`);
    await Promise.all(
      all.flatMap((name) => [
        client.create(`/api/v1/namespaces/${this.#full}/configmaps`, { metadata: { name } }),
        client.create(this.#secrets, { metadata: { name, ownerReferences: [reference] } }),
        client.create(`/apis/${group}/v1/namespaces/${this.#family}/${plural}`, {
          apiVersion: `${group}/v1`,
          kind: `Widget${this.#round}`,
          metadata: { name },
        }),
      ]),
    );
    this.#preparedAt = (await client.list(this.#secrets)).metadata.resourceVersion;
  }

  /** Asks for the deletions; whether the server still answers does not matter. */
  async begin(client: Client): Promise<void> {
    await Promise.allSettled(
      this.#targets.map(({ path, body }) => client.call(path, { method: 'DELETE', body })),
    );
  }

  /** Of deletions of many objects, how many went on after the restart that had begun before the kill. */
  async countInterrupted(client: Client, killedAtMs: number): Promise<number> {
    let count = 0;
    for (const collection of [this.#secrets, `/api/v1/namespaces/${this.#full}/configmaps`]) {
      const watch = await client.watch(`${collection}?watch=1&resourceVersion=${this.#preparedAt}`);
      const times: number[] = [];
      while (times.length < this.#count) {
        const { type, object } = await watch.next();
        if (type === 'DELETED' && object.metadata.name !== 'owner')
          times.push(timeOf(object.metadata.resourceVersion));
      }
      watch.close();
      if (times.some((ms) => ms <= killedAtMs) && times.some((ms) => ms > killedAtMs)) count += 1;
    }
    return count;
  }

  /** After a restart: what was marked is finished without anybody's help, and the rest once it is asked for. */
  async finish(client: Client): Promise<void> {
    for (const { path, body } of this.#targets) {
      const reply = await client.call(path);
      if (reply.status === 404) continue;
      const object = JSON.parse(reply.text) as { metadata: { deletionTimestamp?: string } };
      if (object.metadata.deletionTimestamp === undefined) await client.delete(path, body);
    }
    for (const { path } of this.#targets) await client.untilGone(path);
    await client.until(this.#secrets, (list) => (list['items'] as readonly unknown[]).length === 0);
    const reply = await client.call(`/api/v1/namespaces/${this.#full}/configmaps`);
    const { items } = JSON.parse(reply.text) as { readonly items: readonly unknown[] };
    if (items.length > 0) throw new Error(`${items.length} objects have outlived their namespace`);
  }

  get #full(): string {
    return `full-${this.#round}`;
  }

  get #family(): string {
    return `family-${this.#round}`;
  }

  get #secrets(): string {
    return `/api/v1/namespaces/${this.#family}/secrets`;
  }

  get #kind(): { readonly group: string; readonly plural: string } {
    return { group: GONE_GROUP, plural: `widgets${this.#round}` };
  }

  get #definitionPath(): string {
    const { group, plural } = this.#kind;
    return `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`;
  }

  get #targets(): readonly { readonly path: string; readonly body: unknown }[] {
    // Both ways of collecting dependents get their turn.
    const propagationPolicy = this.#round % 2 === 0 ? 'Background' : 'Foreground';
    return [
      { path: `/api/v1/namespaces/${this.#full}`, body: {} },
      { path: this.#definitionPath, body: {} },
      { path: `${this.#secrets}/owner`, body: { propagationPolicy } },
    ];
  }

  #definition(): unknown {
    const { group, plural } = this.#kind;
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: {
          plural,
          singular: `widget${this.#round}`,
          kind: `Widget${this.#round}`,
          listKind: `Widget${this.#round}List`,
        },
        versions: [
          { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        ],
      },
    };
  }
}

/** When a revision was given, in milliseconds since 1970: that is in its upper bits. */
function timeOf(resourceVersion: string): number {
  return Math.floor(Number(resourceVersion) / 4096) + Date.UTC(2025, 0, 1);
}

/** The group of all kinds that the rounds define and delete. */
export const GONE_GROUP = 'gone.example.com';
