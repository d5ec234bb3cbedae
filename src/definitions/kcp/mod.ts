/** kcp's own kinds. They are described as CRDs are, and behave like custom resources. */

import { isConvergentIdentity } from '../consistency.ts';
import { definitionFromCrd } from '../crd/mod.ts';
import type { Definition } from '../definition.ts';
import { apiBinding } from './api-binding.ts';
import { apiConversion } from './api-conversion.ts';
import { apiExport } from './api-export.ts';
import { apiExportEndpointSlice } from './api-export-endpoint-slice.ts';
import { apiResourceSchema } from './api-resource-schema.ts';
import { type Form, familyOf } from './family.ts';
import { FIRST_API_VERSION, type FirstForm, firstForms } from './first-forms.ts';
import { crdOf, type KcpKind } from './kind.ts';
import { logicalCluster } from './logical-cluster.ts';
import { partition, partitionSet } from './partition.ts';
import { region } from './region.ts';
import { shard } from './shard.ts';
import { workspace } from './workspace.ts';
import { workspaceAuthenticationConfiguration } from './workspace-authentication-configuration.ts';
import { workspaceType } from './workspace-type.ts';

export { isForNamedObjects } from './api-export-conversion.ts';
export {
  validateApiResourceSchema,
  validateApiResourceSchemaUpdate,
} from './api-resource-schema-validation.ts';
export { claimsTheSame } from './claim-conversion.ts';
export { KEPT, readKept } from './kept-annotation.ts';
export { crdOf, type KcpKind } from './kind.ts';
export { parseSchemaName, type SchemaName } from './schema-name.ts';
export { type KindSchema, schemaOfKind } from './schema-of-kind.ts';

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
  region,
  shard,
  workspace,
  workspaceAuthenticationConfiguration,
  workspaceType,
];

/** The kinds that every logical cluster has by itself. */
const systemKinds: readonly KcpKind[] = [
  ...kcpKinds.filter(({ exportedBy }) => exportedBy === undefined),
  ...firstForms.map(({ kind }) => kind),
];

const kindsByResource: ReadonlyMap<string, KcpKind> = new Map(
  systemKinds.map((kind) => [`${kind.group}/${kind.plural}`, kind]),
);

const exportedKinds: ReadonlyMap<string, KcpKind> = new Map(
  kcpKinds
    .filter(({ exportedBy }) => exportedBy !== undefined)
    .map((kind) => [`${kind.group}/${kind.plural}`, kind]),
);

/** One of the kinds that logical clusters get through the exports of root, such as workspaces. */
export function exportedKind(group: string, resource: string): KcpKind | undefined {
  return exportedKinds.get(`${group}/${resource}`);
}

/** Whether kinds of kcp's come through the export of that name in root. */
export function isRootExport(name: string): boolean {
  return kcpKinds.some(({ exportedBy }) => exportedBy === name);
}

// By name first: most kinds have none of these, and are asked about with every read.
const convergentKinds: ReadonlyMap<string, string> = new Map(
  kcpKinds
    .filter(({ consistency }) => consistency === 'Convergent')
    .map(({ plural, group }) => [plural, group]),
);

/** Whether a kind is one of kcp's that are written in any region. What has the name of such a kind is one. */
export function isOwnConvergent(kind: { readonly group: string; readonly resource: string }): boolean {
  return convergentKinds.get(kind.resource) === kind.group;
}

/**
 * Whether the objects of a collection are written in any region and kept in the region's convergent log, wherever their
 * logical cluster is: the one rule, which a member's store is opened with. Nothing has a say in it but the key, so that no
 * two regions, and no two moments, differ.
 */
export function isConvergent(collection: {
  readonly group: string;
  readonly resource: string;
  readonly identity: string;
}): boolean {
  return isOwnConvergent(collection) || isConvergentIdentity(collection.identity);
}

/** The definition of one of kcp's kinds, wherever it comes from; as this version of the program has it. */
export function ownDefinition(group: string, resource: string): Definition | undefined {
  const kind = exportedKind(group, resource);
  return kind === undefined ? systemDefinition(group, resource) : kcpDefinition(kind);
}

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
  const known = definitions.get(kind);
  if (known !== undefined) return known;
  const first = firstForms.find((form) => form.kind === kind || form.home === kind);
  if (first === undefined) {
    const definition = makeDefinition(kind);
    definitions.set(kind, definition);
    return definition;
  }
  for (const definition of familyDefinitions(first)) definitions.set(definition.kind, definition.definition);
  return kcpDefinition(kind);
}

/** The kind in apis.kcp.io and its first form. Objects of both are the same ones. */
function familyDefinitions({ kind, home, conversion }: FirstForm): {
  readonly kind: KcpKind;
  readonly definition: Definition;
}[] {
  const first = makeDefinition(kind);
  const base = makeDefinition(home);
  const forms: Form[] = [{ apiVersion: FIRST_API_VERSION, version: first.versions[0]!, conversion }];
  for (const version of base.versions) {
    const own = home.versions.find(({ name }) => name === version.name)?.conversion;
    if (own !== undefined)
      forms.push({ apiVersion: `${home.group}/${version.name}`, version, conversion: own });
  }
  const definition: Definition = {
    ...base,
    ...(base.convert === undefined
      ? {}
      : { convert: (object, version) => family.convert(object, `${home.group}/${version}`) }),
    get family() {
      return family;
    },
  };
  const family = familyOf(definition, forms);
  const storedAs = { group: home.group, resource: home.plural };
  return [
    { kind: home, definition },
    { kind, definition: { ...first, storedAs, family } },
  ];
}

/**
 * A definition that was made from somebody's schema, with the consistency that kcp's kind of its name has: those that
 * come through exports of the root are the same ones for everybody who has bound them.
 */
export function withOwnConsistency(definition: Definition): Definition {
  const { group, names } = definition;
  return isOwnConvergent({ group, resource: names.plural })
    ? { ...definition, consistency: 'Convergent' }
    : definition;
}

function makeDefinition(kind: KcpKind): Definition {
  const { consistency } = kind;
  const definition = definitionFromCrd(crdOf(kind));
  return consistency === undefined ? definition : { ...definition, consistency };
}
