/** kcp's own kinds. They are described as CRDs are, and behave like custom resources. */

import { definitionFromCrd } from '../crd/mod.ts';
import type { Definition } from '../definition.ts';
import { apiBinding } from './api-binding.ts';
import { apiConversion } from './api-conversion.ts';
import { apiExport } from './api-export.ts';
import { apiExportEndpointSlice } from './api-export-endpoint-slice.ts';
import { apiResourceSchema } from './api-resource-schema.ts';
import { crdOf, type KcpKind } from './kind.ts';
import { logicalCluster } from './logical-cluster.ts';
import { partition, partitionSet } from './partition.ts';
import { shard } from './shard.ts';
import { workspace } from './workspace.ts';
import { workspaceAuthenticationConfiguration } from './workspace-authentication-configuration.ts';
import { workspaceType } from './workspace-type.ts';

export { crdOf, type KcpKind } from './kind.ts';

/** All of kcp's kinds, as data. */
export const kcpKinds: readonly KcpKind[] = [
  apiBinding,
  apiConversion,
  apiExport,
  apiExportEndpointSlice,
  apiResourceSchema,
  logicalCluster,
  partition,
  partitionSet,
  shard,
  workspace,
  workspaceAuthenticationConfiguration,
  workspaceType,
];

/** The kinds that every logical cluster has by itself. */
const systemKinds: readonly KcpKind[] = kcpKinds;

const kindsByResource: ReadonlyMap<string, KcpKind> = new Map(
  systemKinds.map((kind) => [`${kind.group}/${kind.plural}`, kind]),
);

// Made when they are asked for: nobody who starts a server should wait for kinds that are not used.
const definitions = new Map<KcpKind, Definition>();
let all: readonly Definition[] | undefined;

/** The definition of one of the kinds that every logical cluster has, such as `('apis.kcp.io', 'apibindings')`. */
export function systemDefinition(group: string, resource: string): Definition | undefined {
  const kind = kindsByResource.get(`${group}/${resource}`);
  return kind === undefined ? undefined : kcpDefinition(kind);
}

/** The definitions of all kinds that every logical cluster has. */
export function systemDefinitions(): readonly Definition[] {
  all ??= systemKinds.map(kcpDefinition);
  return all;
}

/** The definition of a kind: always the same one. */
export function kcpDefinition(kind: KcpKind): Definition {
  let definition = definitions.get(kind);
  if (definition === undefined) {
    definition = { ...definitionFromCrd(crdOf(kind)), ...consistencyOf(kind) };
    definitions.set(kind, definition);
  }
  return definition;
}

function consistencyOf({ consistency }: KcpKind): Pick<Definition, 'consistency'> {
  return consistency === undefined ? {} : { consistency };
}
