import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCode } from '../exit-code.ts';
import { Failure, systemCode } from '../failure.ts';
import {
  DEFAULT_REGIONS,
  defaultRoundTrips,
  type PlanetSettings,
  parseRegions,
  parseRoundTrips,
  type RoundTrip,
  samePair,
} from './settings.ts';

/** Where things are in the directory of a planet. */
export interface PlanetPaths {
  readonly directory: string;
  readonly settings: string;
  readonly control: string;
  readonly processes: string;
  readonly kubeconfig: string;
}

export function planetPaths(directory: string): PlanetPaths {
  return {
    directory,
    settings: join(directory, 'planet.json'),
    control: join(directory, 'control.json'),
    processes: join(directory, 'processes.json'),
    kubeconfig: join(directory, 'admin.kubeconfig'),
  };
}

/** What flags say; whatever is absent is as it was, or as it is by default. */
export interface SettingsChoice {
  readonly regions?: string | undefined;
  readonly roundTrips?: string | undefined;
  /** Of the first region; the next ones follow. 0 takes free ones. */
  readonly firstPort?: number | undefined;
}

const FIRST_PORT = 6443;

/**
 * The settings of a planet that starts in this directory: those that it had, with other delays if the flags say so,
 * or new ones. Its regions and ports stay, since they are in its logs and in kubeconfigs.
 */
export async function chooseSettings(
  paths: PlanetPaths,
  choice: SettingsChoice,
  freePorts: (count: number) => Promise<readonly number[]>,
): Promise<PlanetSettings> {
  const kept = await readSettings(paths);
  const names = choice.regions === undefined ? undefined : parseRegions(choice.regions);
  const regions = kept?.regions.map(({ name }) => name) ?? names ?? parseRegions(DEFAULT_REGIONS);
  if (kept !== undefined && names !== undefined && names.join() !== regions.join()) {
    throw new Failure(
      `the planet in ${paths.directory} has the regions ${regions.join(',')}, not ${names.join(',')}`,
      {
        exitCode: exitCode.conflict,
        hint: 'Leave --regions out to go on with it, or choose another directory with --root-directory.',
      },
    );
  }
  const given = choice.roundTrips === undefined ? undefined : parseRoundTrips(choice.roundTrips, regions);
  const first = choice.firstPort;
  if (kept !== undefined && first !== undefined && first !== 0 && kept.regions[0]?.securePort !== first) {
    throw new Failure(
      `the planet in ${paths.directory} serves on port ${kept.regions[0]?.securePort}, not ${first}`,
      {
        exitCode: exitCode.conflict,
        hint: 'Leave --secure-port out to go on with it, or choose another directory with --root-directory.',
      },
    );
  }
  const ports =
    first === 0 ? await freePorts(regions.length) : regions.map((_, index) => (first ?? FIRST_PORT) + index);
  return {
    regions: kept?.regions ?? regions.map((name, index) => ({ name, securePort: ports[index] ?? 0 })),
    roundTrips: merged(
      kept?.roundTrips ?? (given === undefined ? defaultRoundTrips(regions) : []),
      given ?? [],
    ),
  };
}

export async function writeSettings(paths: PlanetPaths, settings: PlanetSettings): Promise<void> {
  await writePrivately(
    paths.settings,
    `${JSON.stringify({ version: VERSION, ...settings }, undefined, 2)}\n`,
  );
}

/** Replaces a file that only its owner may read. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}

/** Of planet.json; another one means something that this program does not know. */
const VERSION = 1;

async function readSettings(paths: PlanetPaths): Promise<PlanetSettings | undefined> {
  let text: string;
  try {
    text = await readFile(paths.settings, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return settingsOf(JSON.parse(text));
  } catch (error) {
    throw new Failure(`${paths.settings} cannot be read as the settings of a planet`, {
      hint: 'Restore it, or choose another directory with --root-directory.',
      cause: error,
    });
  }
}

function settingsOf(value: {
  readonly version?: unknown;
  readonly regions?: readonly { readonly name: string; readonly securePort: number }[];
  readonly roundTrips?: readonly RoundTrip[];
}): PlanetSettings {
  if (value.version !== VERSION) throw new Error(`its version is ${String(value.version)}, not ${VERSION}`);
  const regions = value.regions ?? [];
  const names = parseRegions(regions.map(({ name }) => name).join(','));
  if (
    !regions.every(({ securePort }) => Number.isInteger(securePort) && securePort > 0 && securePort < 65_536)
  )
    throw new Error('a port is none');
  const listed = (value.roundTrips ?? []).map(({ between, ms }) => `${between.join('-')}=${ms}`);
  return {
    regions: regions.map(({ name, securePort }) => ({ name, securePort })),
    roundTrips: listed.length === 0 ? [] : parseRoundTrips(listed.join(','), names),
  };
}

function merged(kept: readonly RoundTrip[], given: readonly RoundTrip[]): readonly RoundTrip[] {
  const others = kept.filter(({ between }) => !given.some((one) => samePair(one.between, between)));
  return [...others, ...given];
}
