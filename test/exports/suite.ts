import type { User } from '../../src/access/mod.ts';
import { Fixture } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import type { InProcessOptions } from '../support/in-process.ts';

export const APIS = 'apis/apis.kcp.io/v1alpha2';
export const SCHEMAS = 'apis/apis.kcp.io/v1alpha1/apiresourceschemas';

/** Who offers an API, and who binds it; neither is an administrator of the other. */
export const USERS: Readonly<Record<string, User>> = {
  'provider-token': { name: 'provider', uid: '', groups: ['system:authenticated'], extra: {} },
  'consumer-token': { name: 'consumer', uid: '', groups: ['system:authenticated'], extra: {} },
};

/** A kind that a schema describes; a version takes anything in spec and status unless it says otherwise. */
export interface SchemaSource {
  /** The first part of the schema's name. */
  readonly prefix?: string;
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly scope?: 'Namespaced' | 'Cluster';
  readonly shortNames?: readonly string[];
  readonly versions?: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
  readonly conversion?: unknown;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const WIDGETS: SchemaSource = { group: 'example.com', plural: 'widgets', kind: 'Widget' };

export function schemaName({ prefix = 'v1', plural, group }: SchemaSource): string {
  return `${prefix}.${plural}.${group === '' ? 'core' : group}`;
}

export function schemaOf(source: SchemaSource): Record<string, unknown> {
  const { group, plural, kind, scope = 'Namespaced', shortNames, versions, conversion, annotations } = source;
  return {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIResourceSchema',
    metadata: { name: schemaName(source), ...(annotations && { annotations }) },
    spec: {
      group,
      scope,
      names: {
        plural,
        singular: kind.toLowerCase(),
        kind,
        listKind: `${kind}List`,
        ...(shortNames && { shortNames }),
      },
      versions: versions ?? [version('v1', source.spec)],
      ...(conversion === undefined ? {} : { conversion }),
    },
  };
}

export function version(
  name: string,
  spec: Readonly<Record<string, unknown>> = { 'x-kubernetes-preserve-unknown-fields': true },
): Record<string, unknown> & { readonly name: string } {
  return {
    name,
    served: true,
    storage: true,
    subresources: { status: {} },
    schema: {
      type: 'object',
      properties: {
        spec: { type: 'object', ...spec },
        status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  };
}

export function exportOf(name: string, sources: readonly SchemaSource[]): Record<string, unknown> {
  return {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIExport',
    metadata: { name },
    spec: {
      resources: sources.map((source) => ({
        name: source.plural,
        group: source.group,
        schema: schemaName(source),
        storage: { crd: {} },
      })),
    },
  };
}

export function bindingOf(name: string, reference: { path?: string; name: string }): Record<string, unknown> {
  return {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIBinding',
    metadata: { name },
    spec: { reference: { export: reference } },
  };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly severity?: string;
  readonly message?: string;
}

export function conditionsOf(object: KubeObject): readonly Condition[] {
  return (object['status'] as { conditions?: readonly Condition[] } | undefined)?.conditions ?? [];
}

export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

export interface BoundStatus {
  readonly phase?: string;
  readonly apiExportClusterName?: string;
  readonly boundResources?: readonly {
    readonly group: string;
    readonly resource: string;
    readonly schema: { readonly name: string; readonly UID: string; readonly identityHash: string };
    readonly storageVersions?: readonly string[];
  }[];
}

export function statusOf(object: KubeObject): BoundStatus {
  return (object['status'] ?? {}) as BoundStatus;
}

/** Providers and consumers of APIs on one member. */
export class ExportsFixture extends Fixture {
  protected override get options(): InProcessOptions {
    return { users: USERS };
  }

  /** A new logical cluster; its name, which is a path as well. */
  async cluster(prefix: string): Promise<string> {
    const name = this.name(prefix);
    await this.server.createCluster(name);
    return name;
  }

  /** Creates schemas and an export of them. */
  async offer(cluster: string, name: string, sources: readonly SchemaSource[]): Promise<KubeObject> {
    for (const source of sources)
      await this.client.create(`/clusters/${cluster}/${SCHEMAS}`, schemaOf(source));
    return this.client.create(`/clusters/${cluster}/${APIS}/apiexports`, exportOf(name, sources));
  }

  /** Binds an export; the binding as its creation was answered. */
  bind(cluster: string, name: string, reference: { path?: string; name: string }): Promise<KubeObject> {
    return this.client.create(`/clusters/${cluster}/${APIS}/apibindings`, bindingOf(name, reference));
  }

  binding(cluster: string, name: string): string {
    return `/clusters/${cluster}/${APIS}/apibindings/${name}`;
  }

  /** A provider with an export of widgets, and a consumer that has bound it. */
  async pair(source: SchemaSource = WIDGETS): Promise<{ provider: string; consumer: string }> {
    const provider = await this.cluster('provider');
    const consumer = await this.cluster('consumer');
    await this.offer(provider, 'widgets', [source]);
    await this.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
    return { provider, consumer };
  }

  /** Where the widgets of a logical cluster are. */
  widgets(cluster: string, options: { namespace?: string; version?: string; group?: string } = {}): string {
    const { namespace = 'default', version: v = 'v1', group = 'example.com' } = options;
    const prefix = group === '' ? `api/${v}` : `apis/${group}/${v}`;
    return `/clusters/${cluster}/${prefix}/namespaces/${namespace}/widgets`;
  }

  async widget(
    cluster: string,
    name: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<KubeObject> {
    return this.client.create(this.widgets(cluster), {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name },
      ...more,
    });
  }
}
