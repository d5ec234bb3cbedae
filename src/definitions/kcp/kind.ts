import { deepCopy, encodeJson, type KubeObject, parseJson, type Schema } from '../../machinery/mod.ts';
import type { Consistency } from '../consistency.ts';
import type { PrinterColumn } from '../definition.ts';
import type { FormConversion } from './family.ts';

/** One version of a kind of kcp's: as in a CRD. */
export interface KcpVersion {
  readonly name: string;
  readonly isStorage: boolean;
  readonly columns: readonly PrinterColumn[];
  readonly schema: Schema;
  readonly hasStatus: boolean;
  /** Of versions that are not the stored one and differ from it in more than their names. */
  readonly conversion?: FormConversion;
}

/** A kind of kcp's as data, from which its CRD, its definition and its APIResourceSchema are made. */
export interface KcpKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly versions: readonly KcpVersion[];
  /** The APIExport in root through which workspaces get it. Kinds without one are served in every logical cluster. */
  readonly exportedBy?: string;
  /** Written wherever somebody is, and the same everywhere a moment later; all others have one place. */
  readonly consistency?: Consistency;
}

export const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** The whole object's schema: what is given, with metadata whose fields may be narrowed. */
export function kindSchema(options: {
  readonly description: string;
  readonly metadata?: Schema;
  readonly spec: Schema;
  readonly status?: Schema;
  readonly required?: readonly string[];
}): Schema {
  const { description, metadata = {}, spec, status, required } = options;
  return {
    type: 'object',
    description,
    properties: {
      metadata: { type: 'object', ...metadata },
      spec,
      ...(status === undefined ? {} : { status }),
    },
    ...(required === undefined ? {} : { required }),
  };
}

/** The CustomResourceDefinition that describes a kind, as if somebody had created it and it had been accepted. */
export function crdOf(kind: KcpKind): KubeObject {
  const { group, plural } = kind;
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        plural,
        singular: kind.kind.toLowerCase(),
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        shortNames: kind.shortNames,
        categories: ['kcp'],
      },
      scope: 'Cluster',
      versions: kind.versions.map(versionOf),
      conversion: { strategy: 'None' },
    },
    status: { storedVersions: kind.versions.filter(({ isStorage }) => isStorage).map(({ name }) => name) },
  };
  // Literals have a prototype, whose members must not be taken for fields.
  return parseJson(Buffer.from(encodeJson(deepCopy(crd as unknown as KubeObject)))).value as KubeObject;
}

function versionOf({ name, isStorage, columns, schema, hasStatus }: KcpVersion): object {
  return {
    name,
    served: true,
    storage: isStorage,
    schema: { openAPIV3Schema: schema },
    ...(hasStatus ? { subresources: { status: {} } } : {}),
    ...(columns.length > 0 ? { additionalPrinterColumns: columns } : {}),
  };
}
