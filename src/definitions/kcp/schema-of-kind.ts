import { createHash } from 'node:crypto';
import { encodeJson, type JsonObject, objectAt, objectsAt } from '../../machinery/mod.ts';
import { crdOf, type KcpKind } from './kind.ts';

/** An APIResourceSchema as somebody would send it: its name says which content it is. */
export interface KindSchema {
  readonly metadata: { readonly name: string };
  readonly spec: JsonObject;
}

const HASH_DIGITS = 9;
const made = new WeakMap<KcpKind, KindSchema>();

/**
 * The APIResourceSchema of a kind, for the export through which it comes. Whoever runs a version of the program with
 * another schema gets another name, and the export goes over to it as it does to any new schema.
 */
export function schemaOfKind(kind: KcpKind): KindSchema {
  let schema = made.get(kind);
  if (schema === undefined) {
    schema = makeSchema(kind);
    made.set(kind, schema);
  }
  return schema;
}

function makeSchema(kind: KcpKind): KindSchema {
  const { conversion, ...spec } = objectAt(crdOf(kind), 'spec')!;
  const versions = objectsAt(spec as JsonObject, 'versions').map(({ schema, ...version }) => ({
    ...version,
    schema: objectAt(schema as JsonObject, 'openAPIV3Schema'),
  }));
  const content = {
    ...spec,
    nameValidation: 'DNS1123Subdomain',
    versions,
    ...(versions.length > 1 ? { conversion } : {}),
  } as unknown as JsonObject;
  const hash = createHash('sha256').update(encodeJson(content)).digest('hex').slice(0, HASH_DIGITS);
  return { metadata: { name: `v${hash}.${kind.plural}.${kind.group}` }, spec: content };
}
