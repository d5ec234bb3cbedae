import { afterAll, beforeAll } from 'vitest';
import type { User } from '../../src/access/mod.ts';
import { CRDS, type CustomKind, crdOf } from '../conformance/suite.ts';
import { Client, type KubeObject } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';

/** A member with some users that have nothing but what tests give them. */
export class Services {
  #server: InProcessServer | undefined;
  #client: Client | undefined;
  #names = 0;

  get server(): InProcessServer {
    if (this.#server === undefined) throw new Error('the server runs inside of tests only');
    return this.#server;
  }

  /** The administrator, who may do everything everywhere. */
  get client(): Client {
    if (this.#client === undefined) throw new Error('the server runs inside of tests only');
    return this.#client;
  }

  async start(users: Readonly<Record<string, User>>): Promise<void> {
    this.#server = await startInProcess({ users });
    this.#client = new Client(this.#server);
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.#server?.stop();
  }

  /** A new logical cluster; names of the same prefix sort by age. */
  async cluster(prefix: string): Promise<string> {
    this.#names += 1;
    const name = `${prefix}-${String(this.#names).padStart(3, '0')}`;
    await this.server.createCluster(name);
    return name;
  }

  /** Serves a kind in a logical cluster by a CRD. */
  async define(cluster: string, crd: CustomKind): Promise<void> {
    const prefix = `/clusters/${cluster}`;
    await this.client.create(`${prefix}${CRDS}`, crdOf(crd));
    const version = crd.versions?.[0]?.name ?? 'v1';
    await this.client.until(
      `${prefix}/apis/${crd.group}/${version}/${crd.plural}`,
      (_, code) => code === 200,
    );
  }

  create(cluster: string, path: string, object: unknown): Promise<KubeObject> {
    return this.client.create(`/clusters/${cluster}${path}`, object);
  }
}

export function useServices(users: Readonly<Record<string, User>> = {}): Services {
  const services = new Services();
  beforeAll(() => services.start(users));
  afterAll(() => services.stop());
  return services;
}

/** Where an object lies, as everybody sees it. */
export function placeOf({ metadata }: KubeObject): string {
  return `${metadata.annotations?.['kcp.io/cluster']}/${metadata.name}`;
}
