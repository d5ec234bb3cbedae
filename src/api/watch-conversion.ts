import { type LogicalCluster, limits, WeightedCache } from '../base/mod.ts';
import type { Definition } from '../definitions/mod.ts';
import type { ListedObject, Row, StoreEvent } from '../store/mod.ts';
import type { Api } from './api.ts';
import { rowsInVersion } from './conversion.ts';
import { isStoredIn } from './row-codec.ts';

/** What a watch shows objects in. */
export interface WatchedVersion {
  readonly cluster: LogicalCluster;
  readonly definition: Definition;
  readonly version: string;
  /** Whether the state before a change matters to the watch: with selectors it says whether the object was seen. */
  readonly needsOldRows: boolean;
}

/** Events with their objects in the version of a watch; the events themselves when no webhook has to be asked. */
export function eventsInVersion(
  api: Api,
  watched: WatchedVersion,
  events: readonly StoreEvent[],
): readonly StoreEvent[] | Promise<readonly StoreEvent[]> {
  if (watched.definition.conversion === undefined) return events;
  const rows = new Set<Row>();
  for (const { oldRow, newRow } of events) {
    if (newRow !== undefined) rows.add(newRow);
    if (oldRow !== undefined && (watched.needsOldRows || newRow === undefined)) rows.add(oldRow);
  }
  const converted = convert(api, watched, [...rows]);
  if (converted === undefined) return events;
  return converted.then((found) => {
    const shown = (row: Row | undefined) => row && (found.get(row) ?? row);
    return events.map((event) => ({
      ...event,
      oldRow: shown(event.oldRow),
      newRow: shown(event.newRow),
    }));
  });
}

/** The same for objects that are there when a watch begins. */
export function objectsInVersion(
  api: Api,
  watched: WatchedVersion,
  objects: readonly ListedObject[],
): readonly ListedObject[] | Promise<readonly ListedObject[]> {
  if (watched.definition.conversion === undefined) return objects;
  const rows = objects.map(({ row }) => row);
  const converted = convert(api, watched, rows);
  if (converted === undefined) return objects;
  return converted.then((found) =>
    objects.map(({ key }, index) => ({ key, row: found.get(rows[index]!) ?? rows[index]! })),
  );
}

interface Conversion {
  readonly row: Promise<Row>;
  readonly weight: number;
}

// Many watches want the same objects in the same version. Each is asked for once, as with upstream's watch
// cache; a watch that comes back to the stored log because it had to wait finds here what it waited for.
const conversions = new WeightedCache<Conversion>({
  weightMax: limits.watchConversionsBytesMax,
  weigh: ({ weight }) => weight,
});

/** What an entry takes beside the bytes of its object. */
const ENTRY_BYTES = 500;

/** The rows that have to be converted, by what they come from; undefined when none has to be. */
function convert(
  api: Api,
  watched: WatchedVersion,
  rows: readonly Row[],
): Promise<ReadonlyMap<Row, Row>> | undefined {
  const { definition, version } = watched;
  const foreign = rows.filter((row) => !isStoredIn(definition, version, row));
  if (foreign.length === 0) return undefined;
  const missing: Row[] = [];
  // Not before it is known what is missing: all of it goes out in one call.
  const asked = Promise.resolve().then(() => rowsInVersion(api, watched, missing));
  const found = foreign.map((row) => {
    const key = [definition.hash, version, row.uid, row.revision].join('\n');
    return conversions.getOrCompute(key, () => {
      const index = missing.push(row) - 1;
      const converted = asked.then((answer) => answer[index]!);
      converted.then(
        // A small object may become a large one.
        ({ json }) =>
          conversions.replace(key, {
            row: converted,
            weight: Math.max(row.json.length, json.length) + ENTRY_BYTES,
          }),
        // The next one who wants it asks again.
        () => conversions.delete(key),
      );
      return { row: converted, weight: row.json.length + ENTRY_BYTES };
    }).row;
  });
  return Promise.all([asked, ...found]).then(
    ([, ...converted]) => new Map(foreign.map((row, index) => [row, converted[index]!])),
  );
}
