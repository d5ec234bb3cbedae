import { afterAll, beforeAll } from 'vitest';
import { Client } from '../http/client.ts';
import { type InProcessOptions, type InProcessServer, startInProcess } from '../support/in-process.ts';

/** One member for the tests of a file. */
export class Fixture {
  #server: InProcessServer | undefined;
  #client: Client | undefined;
  #names = 0;

  get server(): InProcessServer {
    if (this.#server === undefined) throw new Error('the server runs inside of tests only');
    return this.#server;
  }

  get client(): Client {
    if (this.#client === undefined) throw new Error('the server runs inside of tests only');
    return this.#client;
  }

  /** For fixtures with more than administrators. */
  protected get options(): InProcessOptions {
    return {};
  }

  async start(): Promise<void> {
    // Namespaces stay empty, so that tests may count on what they put there.
    const disabledControllers = ['namespace-defaults', 'root-ca'];
    this.#server = await startInProcess({ disabledControllers, ...this.options });
    this.#client = new Client(this.#server);
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.#server?.stop();
  }

  /** A word that no other test of the file uses. */
  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  /** A new namespace. */
  async namespace(): Promise<string> {
    const name = this.name('test-');
    const metadata = { name };
    await this.client.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
    return name;
  }

  /** Creates a CustomResourceDefinition and waits until its kind is served. */
  async define(crd: CustomKind): Promise<void> {
    await this.client.create(CRDS, crdOf(crd));
    await this.client.until(
      `/apis/${crd.group}/${crd.versions?.[0]?.name ?? 'v1'}/${crd.plural}`,
      (_list, status) => status === 200,
    );
  }
}

export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export interface CustomKind {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly scope?: 'Namespaced' | 'Cluster';
  readonly shortNames?: readonly string[];
  /** The first one is stored. */
  readonly versions?: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
}

/** A CustomResourceDefinition whose versions take anything in spec and status unless they say otherwise. */
export function crdOf(custom: CustomKind): Record<string, unknown> {
  const { group, plural, kind, scope = 'Namespaced', shortNames, versions = [{ name: 'v1' }] } = custom;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { plural, kind, ...(shortNames === undefined ? {} : { shortNames }) },
      versions: versions.map((version, index) => ({
        served: true,
        storage: index === 0,
        schema: { openAPIV3Schema: OPEN_SCHEMA },
        ...version,
      })),
    },
  };
}

const OPEN_SCHEMA = {
  type: 'object',
  properties: {
    spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};

/** Starts a member before the tests of the file and stops it after them. */
export function useMember(fixture: Fixture = new Fixture()): Fixture {
  beforeAll(() => fixture.start());
  afterAll(() => fixture.stop());
  return fixture;
}
