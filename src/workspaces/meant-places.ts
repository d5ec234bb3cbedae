import type { Paths } from '../api/mod.ts';
import type { LogicalCluster, Pause } from '../base/mod.ts';
import { isReferencePart } from '../definitions/mod.ts';
import { REMEMBERED_FIELD, type Row } from '../store/mod.ts';
import type { Reference } from './types.ts';

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

/** What a WorkspaceType names elsewhere: an APIExport, or another type, which it means wherever it names it. */
export interface Named extends Reference {
  readonly kind: 'export' | 'type';
}

/** What a WorkspaceType was written to mean, by its row. */
export function meantByType(row: Row | undefined): MeantPlaces {
  const text = row?.fields[REMEMBERED_FIELD] ?? '';
  if (text === '') return NONE;
  const places = new Map<string, LogicalCluster>();
  for (const line of text.split('\n')) {
    const end = line.lastIndexOf(SEPARATOR);
    places.set(line.slice(0, end), line.slice(end + 1) as LogicalCluster);
  }
  return places;
}

export function meantPlace(places: MeantPlaces, named: Omit<Named, 'meant'>): LogicalCluster | undefined {
  return places.get(placeText(named));
}

/**
 * What has to be remembered of a WorkspaceType that is written, with what it names and what it was written to mean before:
 * what it named then means what it meant, whoever writes it now, since that write may be about something else; what it
 * names anew means what is there now. Thousands of paths give way to others in between.
 */
export async function rememberPlaces(
  paths: Paths,
  pause: Pause,
  { named, before }: { readonly named: readonly Named[]; readonly before: MeantPlaces },
): Promise<string | undefined> {
  const lines = new Map<string, string>();
  for (const [index, one] of named.entries()) {
    if (index % PATHS_AT_ONCE === PATHS_AT_ONCE - 1) await pause();
    if (!isReferencePart(one.path) || !isReferencePart(one.name)) continue;
    const cluster = meantPlace(before, one) ?? paths.resolve(one.path)?.cluster;
    // The name of a logical cluster leads to no other.
    if (cluster === undefined || cluster === one.path) continue;
    const text = placeText(one);
    lines.set(text, [text, cluster].join(SEPARATOR));
  }
  return lines.size === 0 && before.size === 0 ? undefined : [...lines.values()].join('\n');
}

function placeText({ kind, path, name }: Omit<Named, 'meant'>): string {
  return [kind, path, name].join(SEPARATOR);
}
