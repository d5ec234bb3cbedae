import type { Paths } from '../api/mod.ts';
import type { LogicalCluster, Pause } from '../base/mod.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../machinery/mod.ts';
import { REMEMBERED_FIELD, type Row } from '../store/mod.ts';

/**
 * Which logical cluster was meant by a path when it was written. Paths come to lead to others: whoever gets a workspace
 * of that name must not get the trust that somebody else was given. `undefined` of what nobody was asked about: rows of
 * older versions, and paths that led nowhere.
 */
export type MeantPlaces = ReadonlyMap<string, LogicalCluster>;

const NONE: MeantPlaces = new Map();
/** A path takes some 50 µs. */
const PATHS_AT_ONCE = 100;
const SEPARATOR = '\t';
// What paths and names are made of: nothing that could end a line or move a border within it.
const PLACE_TEXT = /^[A-Za-z0-9.:_-]+$/;

/** What a WorkspaceType names elsewhere: APIExports, and other types, which it means wherever it names them. */
export type NamedKind = 'export' | 'type';

interface Named {
  readonly kind: NamedKind;
  readonly path: string;
  readonly name: string;
}

/** What a WorkspaceType was written to mean, by its row. */
export function meantByType(row: Row): MeantPlaces {
  const text = row.fields[REMEMBERED_FIELD] ?? '';
  if (text === '') return NONE;
  const places = new Map<string, LogicalCluster>();
  for (const line of text.split('\n')) {
    const end = line.lastIndexOf(SEPARATOR);
    places.set(line.slice(0, end), line.slice(end + 1) as LogicalCluster);
  }
  return places;
}

export function meantPlace(places: MeantPlaces, named: Named): LogicalCluster | undefined {
  return places.get(placeText(named));
}

/**
 * What has to be remembered of a WorkspaceType that is written: what it named before means what it meant, whoever
 * writes it now, since that write may be about something else; what it names anew means what is there now. Thousands of
 * paths give way to others in between.
 */
export async function rememberPlaces(
  paths: Paths,
  pause: Pause,
  { type, before }: { readonly type: JsonObject; readonly before: Row | undefined },
): Promise<string | undefined> {
  const known = before === undefined ? NONE : meantByType(before);
  const lines = new Map<string, string>();
  for (const [index, named] of namedBy(type).entries()) {
    if (index % PATHS_AT_ONCE === PATHS_AT_ONCE - 1) await pause();
    if (!PLACE_TEXT.test(named.path) || !PLACE_TEXT.test(named.name)) continue;
    const cluster = meantPlace(known, named) ?? paths.resolve(named.path)?.cluster;
    // The name of a logical cluster leads to no other.
    if (cluster === undefined || cluster === named.path) continue;
    const text = placeText(named);
    lines.set(text, [text, cluster].join(SEPARATOR));
  }
  return lines.size === 0 && known.size === 0 ? undefined : [...lines.values()].join('\n');
}

function namedBy(type: JsonObject): readonly Named[] {
  const spec = objectAt(type, 'spec');
  const child = objectAt(spec, 'defaultChildWorkspaceType');
  const types = [
    ...objectsAt(objectAt(spec, 'extend'), 'with'),
    ...(child === undefined ? [] : [child]),
    ...objectsAt(objectAt(spec, 'limitAllowedParents'), 'types'),
    ...objectsAt(objectAt(spec, 'limitAllowedChildren'), 'types'),
  ];
  return [
    ...types.map((entry) => named('type', entry, 'name')),
    ...objectsAt(spec, 'defaultAPIBindings').map((entry) => named('export', entry, 'export')),
  ];
}

function named(kind: NamedKind, entry: JsonObject, field: string): Named {
  return { kind, path: textAt(entry, 'path'), name: textAt(entry, field) };
}

function placeText({ kind, path, name }: Named): string {
  return [kind, path, name].join(SEPARATOR);
}
