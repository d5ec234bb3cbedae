import { type Command, type Invocation, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Kubeconfig } from './kubeconfig/kubeconfig.ts';
import { NEAREST, setNearest, writeRegionContexts } from './kubeconfig/region-contexts.ts';
import { outputFlag, printAs } from './output.ts';
import { listRegions, type PlanetRegion } from './planet-regions.ts';
import { type Distance, measureRegions } from './round-trip.ts';
import { contextOf, openSession } from './session.ts';
import { tableText } from './table-text.ts';
import type { Terminal } from './terminal.ts';
import { workspaceUrl } from './workspace-path.ts';

export const kubeconfigCommand: Command = {
  name: 'kubeconfig',
  summary: 'Write a kubeconfig context for each region of a planet',
  usage: '[flags]',
  details: [
    'Asks the server of the current context which regions there are, and makes a context and a cluster of the name of\n' +
      'each, with the user of the current one, in the current workspace. nearest is the region that answers soonest.',
  ],
  flags: {
    region: {
      type: 'list',
      placeholder: 'NAME=URL',
      description: 'A region and its server, instead of those that the server knows; repeatable',
    },
    overwrite: {
      type: 'boolean',
      description: 'Replace contexts and clusters of these names that are no regions',
    },
    output: outputFlag,
  },
  positionals: [],
  connects: true,
  examples: [
    { does: 'For the planet of the current context', line: 'antipode kubeconfig' },
    {
      does: 'For regions that are named here',
      line: 'antipode kubeconfig --region eu=https://eu.example.com:6443 --region us=https://us.example.com:6443',
    },
  ],
  async run(invocation, terminal) {
    const session = await openSession(invocation, terminal);
    const named = regionsOf(invocation);
    const regions = named.length > 0 ? named : await listRegions(await session.client());
    const path = session.current?.path ?? 'root';
    await writeRegionContexts(session.places, {
      context: contextOf(session),
      regions: regions.map(({ name, url }) => ({ region: name, server: workspaceUrl({ base: url, path }) })),
      overwrites: invocation.flags['overwrite'] === true,
    });
    const written = await Kubeconfig.load(session.places);
    const distances = await measureRegions(
      written,
      regions.map(({ name, url }) => ({ region: name, server: workspaceUrl({ base: url, path }) })),
      { options: session.options, terminal },
    );
    const [nearest] = distances;
    if (nearest?.rttMs !== undefined) await setNearest(session.places, nearest.region);
    if (!(await printAs(invocation.flags['output'], { regions: distances }, terminal)))
      print(distances, terminal);
    return nearest?.rttMs === undefined ? exitCode.unreachable : exitCode.done;
  },
};

function print(distances: readonly Distance[], terminal: Terminal): void {
  terminal.out(distanceTable(distances));
  const [nearest] = distances;
  if (nearest?.rttMs === undefined) terminal.err('error: no region answers, so that none is the nearest\n');
  else terminal.out(`\nContext "${NEAREST}" is ${nearest.region}; antipode use --nearest goes there.\n`);
}

/** Regions with their servers and how far they are. */
export function distanceTable(distances: readonly Distance[]): string {
  return tableText([
    ['CONTEXT', 'SERVER', 'ROUND TRIP'],
    ...distances.map(({ region, server, rttMs, problem }) => [
      region,
      server,
      rttMs === undefined ? `- (${problem})` : `${rttMs} ms`,
    ]),
  ]);
}

function regionsOf(invocation: Invocation): readonly PlanetRegion[] {
  return (invocation.lists['region'] ?? []).map((text) => {
    const [, name, url] = /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)=(.+)$/.exec(text) ?? [];
    const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
    if (name !== undefined && parsed?.protocol === 'https:' && name !== NEAREST)
      return { name, url: `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}` };
    throw new UsageError(
      `--region takes a name and an https URL, such as eu=https://eu.example.com:6443, but "${text}" is none`,
    );
  });
}
