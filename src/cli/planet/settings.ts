import { UsageError } from '../command.ts';

/** A planet as its owner wants it; kept in planet.json of its directory. */
export interface PlanetSettings {
  readonly regions: readonly RegionSettings[];
  /** Pairs that are not listed have no delay. */
  readonly roundTrips: readonly RoundTrip[];
}

export interface RegionSettings {
  readonly name: string;
  /** Where kubectl reaches the region's member. */
  readonly securePort: number;
}

export interface RoundTrip {
  readonly between: Pair;
  readonly ms: number;
}

/** Two regions, in the order of the planet's list. */
export type Pair = readonly [string, string];

/** An epoch has three bits for its home, so that a shard has at most eight voters, one in each region. */
export const REGIONS_MAX = 8;
/** The Moon is 2,600 ms away. */
const ROUND_TRIP_MS_MAX = 60_000;

export const DEFAULT_REGIONS = 'eu,us,ap';
export const DEFAULT_ROUND_TRIPS = 'eu-us=80,us-ap=150,eu-ap=160';

/** What would be mistaken for something else in a kubeconfig that has a context for each region. */
const RESERVED = new Set(['nearest', 'base', 'root', 'admin']);

/** The regions that `--regions eu,us,ap` names. */
export function parseRegions(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) {
      throw new UsageError(
        `--regions takes names of at most 32 lower-case letters, digits and inner hyphens, such as eu,us,ap, but "${name}" is none`,
      );
    }
    if (RESERVED.has(name)) {
      throw new UsageError(
        `--regions cannot name a region "${name}", which means something else in a kubeconfig; choose another name`,
      );
    }
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new UsageError(`--regions names "${twice}" twice; give each region a name of its own`);
  if (names.length > REGIONS_MAX) {
    throw new UsageError(
      `--regions names ${names.length} regions, but a planet has at most ${REGIONS_MAX}; leave some out`,
    );
  }
  return names;
}

/** The delays that `--rtt eu-us=80,us-ap=150` names, for the links between these regions. */
export function parseRoundTrips(text: string, regions: readonly string[]): readonly RoundTrip[] {
  const found: RoundTrip[] = [];
  for (const item of text.split(',').map((part) => part.trim())) {
    const [link = '', value = '', ...rest] = item.split('=');
    const match = /^(\d{1,6}(?:\.\d{1,3})?)(?:ms)?$/.exec(value);
    if (match === null || rest.length > 0) {
      throw new UsageError(
        `--rtt takes round trips in milliseconds, such as ${DEFAULT_ROUND_TRIPS}, but "${item}" is none`,
      );
    }
    const ms = Number(match[1]);
    if (ms > ROUND_TRIP_MS_MAX)
      throw new UsageError(
        `--rtt says ${ms} ms for "${link}", but a round trip takes at most ${ROUND_TRIP_MS_MAX}`,
      );
    const between = pairOf(link, regions);
    if (between === undefined) {
      throw new UsageError(
        `--rtt names the link "${link}", but the regions are ${regions.join(', ')}; name two of them, such as ${exampleLink(regions)}`,
      );
    }
    if (found.some((other) => samePair(other.between, between)))
      throw new UsageError(`--rtt names the link ${between.join('-')} twice; give each one once`);
    found.push({ between, ms });
  }
  return found;
}

/** The defaults, as far as they are about these regions. */
export function defaultRoundTrips(regions: readonly string[]): readonly RoundTrip[] {
  const known = DEFAULT_ROUND_TRIPS.split(',').filter(
    (item) => pairOf(item.split('=')[0] ?? '', regions) !== undefined,
  );
  return known.length === 0 ? [] : parseRoundTrips(known.join(','), regions);
}

/** All links of a planet: each region has one to each other. */
export function pairsOf(regions: readonly string[]): readonly Pair[] {
  return regions.flatMap((first, index) => regions.slice(index + 1).map((second): Pair => [first, second]));
}

export function samePair(one: Pair, other: Pair): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

export function roundTripMs(settings: Pick<PlanetSettings, 'roundTrips'>, pair: Pair): number {
  return settings.roundTrips.find(({ between }) => samePair(between, pair))?.ms ?? 0;
}

/** Names of regions may have hyphens themselves, so that only the list of regions tells where the first one ends. */
function pairOf(link: string, regions: readonly string[]): Pair | undefined {
  return pairsOf(regions).find(
    ([first, second]) => link === `${first}-${second}` || link === `${second}-${first}`,
  );
}

function exampleLink(regions: readonly string[]): string {
  const [first = 'eu', second = 'us'] = regions;
  return `${first}-${second}=80`;
}
