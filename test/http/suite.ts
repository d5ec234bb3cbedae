import { afterAll, beforeAll } from 'vitest';
import { type ServerProcess, startServer } from '../support/server.ts';
import { Client, type KubeObject, seedNamespace } from './client.ts';

/** One server for the tests of a file, and what they need to keep out of each other's way. */
export class Fixture {
  #server: ServerProcess | undefined;
  #client: Client | undefined;
  #namespaces = 0;

  get server(): ServerProcess {
    if (this.#server === undefined) throw new Error('the server runs inside of tests only');
    return this.#server;
  }

  get client(): Client {
    if (this.#client === undefined) throw new Error('the server runs inside of tests only');
    return this.#client;
  }

  async start(): Promise<void> {
    this.#server = await startServer();
    this.#client = new Client(this.#server);
    await seedNamespace(this.#client, 'default');
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.#server?.stop();
  }

  /** A new namespace: its name, and the path of its ConfigMaps. */
  async namespace(): Promise<{ readonly namespace: string; readonly configMaps: string }> {
    this.#namespaces += 1;
    const { metadata } = await this.client.create<KubeObject>('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: `test-${this.#namespaces}` },
    });
    const configMaps = `/api/v1/namespaces/${metadata.name}/configmaps`;
    await seedNamespace(this.client, metadata.name);
    return { namespace: metadata.name, configMaps };
  }
}

/** Starts a server before the tests of the file and stops it after them. */
export function useServer(): Fixture {
  const fixture = new Fixture();
  beforeAll(() => fixture.start());
  afterAll(() => fixture.stop());
  return fixture;
}
