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

export const APIS = '/apis/apis.kcp.io/v1alpha2';
export const SCHEMAS = '/apis/apis.kcp.io/v1alpha1/apiresourceschemas';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** An export of one kind, widgets, and everything that a provider needs for it. */
export interface Shop {
  readonly cluster: string;
  readonly group: string;
  readonly identity: string;
  /** Where its virtual workspace begins: `view('*')`. */
  view(cluster: string): string;
}

/** A provider's logical cluster with the export `shop`. */
export async function openShop(services: Services, group: string): Promise<Shop> {
  const cluster = await services.cluster('shop');
  await services.create(cluster, SCHEMAS, widgetSchema(group, 'v1'));
  await services.create(cluster, `${APIS}/apiexports`, {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIExport',
    metadata: { name: 'shop' },
    spec: { resources: [{ group, name: 'widgets', schema: `v1.widgets.${group}`, storage: { crd: {} } }] },
  });
  const path = `/clusters/${cluster}${APIS}/apiexports/shop`;
  const { status } = await services.client.until<Identified>(path, (it) => Boolean(it.status?.identityHash));
  const identity = status?.identityHash ?? '';
  return { cluster, group, identity, view: (of) => `/services/apiexport/${cluster}/shop/clusters/${of}` };
}

interface Identified extends KubeObject {
  readonly status?: { readonly identityHash?: string };
}

export function widgetSchema(group: string, prefix: string, spec: object = {}): object {
  const size = { type: 'integer', maximum: 10 };
  const properties = {
    spec: {
      type: 'object',
      properties: { size, color: { type: 'string' }, replicas: { type: 'integer' }, ...spec },
    },
    status: { type: 'object', properties: { ready: { type: 'boolean' }, replicas: { type: 'integer' } } },
  };
  return {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIResourceSchema',
    metadata: { name: `${prefix}.widgets.${group}` },
    spec: {
      group,
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { type: 'object', properties },
          subresources: {
            status: {},
            scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
          },
        },
      ],
    },
  };
}

/** Binds a logical cluster to a shop. */
export async function bind(services: Services, cluster: string, shop: Shop, name = 'shop'): Promise<void> {
  const path = `${APIS}/apibindings`;
  await services.create(cluster, path, {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIBinding',
    metadata: { name },
    spec: { reference: { export: { path: shop.cluster, name: 'shop' } } },
  });
  await services.client.until<KubeObject & { readonly status?: { readonly phase?: string } }>(
    `/clusters/${cluster}${path}/${name}`,
    ({ status }) => status?.phase === 'Bound',
  );
}

/** A new consumer of a shop. */
export async function consumerOf(services: Services, shop: Shop): Promise<string> {
  const cluster = await services.cluster('buys');
  await bind(services, cluster, shop);
  return cluster;
}

/** Lets a user enter a provider's logical cluster, and do some verbs with the content of its export. */
export async function grantContent(
  services: Services,
  shop: Shop,
  grant: { readonly user: string; readonly verbs: readonly string[] },
): Promise<void> {
  const { user, verbs } = grant;
  const rules = [
    { nonResourceURLs: ['/'], verbs: ['access'] },
    { apiGroups: ['apis.kcp.io'], resources: ['apiexports/content'], resourceNames: ['shop'], verbs },
  ];
  const role = await services.client.call(
    `/clusters/${shop.cluster}${RBAC}/clusterroles/${user}?fieldManager=test&force=true`,
    {
      method: 'PATCH',
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: user },
        rules,
      },
    },
  );
  if (role.status >= 300) throw new Error(role.text);
  const binding = await services.client.call(`/clusters/${shop.cluster}${RBAC}/clusterrolebindings`, {
    method: 'POST',
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: user },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    },
  });
  if (binding.status !== 201 && binding.status !== 409) throw new Error(binding.text);
}

export const ALL_VERBS = [
  'access',
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const;

export function widget({ group }: Shop, name: string, spec: object = {}): Record<string, unknown> {
  return { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name, namespace: 'default' }, spec };
}
