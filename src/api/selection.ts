import type { Definition } from '../definitions/mod.ts';
import {
  type FieldSelector,
  type LabelSelector,
  newBadRequest,
  parseFieldSelector,
  parseLabelSelector,
  pathSegmentErrors,
} from '../machinery/mod.ts';
import type { ObjectKey, Row } from '../store/mod.ts';
import type { Query } from './query.ts';
import { decodeToShow } from './row-codec.ts';
import type { CollectionResource } from './target.ts';

/** Which objects of a collection a request is about. */
export interface Selection {
  readonly isEverything: boolean;
  /** Equal texts select the same. */
  readonly text: string;
  /** The only name that can match, if a field selector says so. */
  readonly name: string | undefined;
  /** The only namespace that can match, if a field selector says so. */
  readonly namespace: string | undefined;
  matches(key: ObjectKey, row: Row): boolean;
}

const NAME = 'metadata.name';
const NAMESPACE = 'metadata.namespace';

/**
 * Parses the selectors of a query; 400 for grammar and for fields that the kind does not offer. A name in the
 * URL, which the deprecated watch path of one object has, selects as `metadata.name` does.
 */
export function parseSelection(resource: CollectionResource, query: Query): Selection {
  const labels = parseLabelSelector(query.text('labelSelector'));
  const fields = parseFieldSelector(query.text('fieldSelector'));
  assertKnownFields(resource, fields);
  const requested = resource.target.name;
  const name = fields.exact(NAME) ?? (requested === '' ? undefined : requested);
  if (requested !== '' && name !== requested) {
    throw newBadRequest("fieldSelector metadata.name doesn't match requested name");
  }
  const { sight } = resource;
  const asksForAll = labels.requirements.length === 0 && fields.terms.length === 0 && requested === '';
  const isEverything = asksForAll && sight === undefined;
  return {
    isEverything,
    text: `${labels.text}\n${fields.text}\n${requested}\n${sight?.text ?? ''}`,
    name,
    namespace: resource.definition.scope === 'Namespaced' ? fields.exact(NAMESPACE) : undefined,
    matches: (key, row) => {
      if (isEverything) return true;
      if (sight !== undefined && !sight.sees(key, row)) return false;
      if (asksForAll) return true;
      return (requested === '' || key.name === requested) && matches({ resource, labels, fields, key, row });
    },
  };
}

/**
 * The name that a field selector asks for, and that is asked of the authorizer then: undefined when it names none.
 * What cannot be parsed names none either, and is refused later.
 */
export function selectedName(query: Query): string | undefined {
  try {
    const name = parseFieldSelector(query.text('fieldSelector')).exact(NAME);
    return name === undefined || pathSegmentErrors(name, { isPrefix: false }).length > 0 ? undefined : name;
  } catch {
    return undefined;
  }
}

function matches(options: {
  readonly resource: CollectionResource;
  readonly labels: LabelSelector;
  readonly fields: FieldSelector;
  readonly key: ObjectKey;
  readonly row: Row;
}): boolean {
  const { resource, labels, fields, key, row } = options;
  if (!labels.matches(row.labels)) return false;
  let values: Row['fields'] | undefined;
  return fields.matches((field) => {
    if (field === NAME) return key.name;
    if (field === NAMESPACE) return key.namespace;
    values ??= fieldsOf(resource, row);
    return values[field] ?? '';
  });
}

/** The selectable fields of a row. Those beside it are of when it was written: the CRD may have others by now. */
function fieldsOf({ definition, version }: CollectionResource, row: Row): Row['fields'] {
  if (definition.origin === 'builtin' || row.definitionHash === definition.hash) return row.fields;
  return definition.selectable(decodeToShow(definition, version.name, row));
}

function assertKnownFields(resource: CollectionResource, fields: FieldSelector): void {
  const { definition, version } = resource;
  const standard = definition.scope === 'Namespaced' ? [NAME, NAMESPACE] : [NAME];
  const own = definition.fieldLabels(version.name);
  for (const { field } of fields.terms) {
    if (standard.includes(field) || own.includes(field)) continue;
    throw newBadRequest(
      hasOwnFieldMapping(definition, own)
        ? `field label not supported: ${field}`
        : `"${field}" is not a known field selector: only ${standard.map((name) => `"${name}"`).join(', ')}`,
    );
  }
}

function hasOwnFieldMapping(definition: Definition, own: readonly string[]): boolean {
  return definition.origin === 'crd' || own.length > 0;
}
