import { type Command, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { Kubeconfig } from './kubeconfig/kubeconfig.ts';
import { NEAREST, regionContexts, setNearest, useContext } from './kubeconfig/region-contexts.ts';
import { enterServer } from './kubeconfig/workspace-contexts.ts';
import { outputFlag, printAs } from './output.ts';
import { distanceTable } from './region-kubeconfig.ts';
import { measureRegions } from './round-trip.ts';
import { contextOf, openSession, type Session } from './session.ts';
import { parseWorkspaceUrl, workspaceUrl } from './workspace-path.ts';

export const useRegionCommand: Command = {
  name: 'use',
  summary: 'Go to another region of a planet, or to the nearest one',
  usage: 'REGION|--nearest [flags]',
  details: [
    'Makes the context of the region the current one. Whoever is in a workspace stays in it, in the other region.\n' +
      '--nearest measures how long each region takes to answer, lets the context nearest lead to the first, and goes\n' +
      'there. The regions are those that antipode kubeconfig, or antipode planet, has written into the kubeconfig.',
  ],
  flags: {
    nearest: { type: 'boolean', description: 'Measure all regions and go to the one that answers soonest' },
    output: outputFlag,
  },
  positionals: [{ placeholder: 'REGION' }],
  connects: true,
  examples: [
    { does: 'Wherever it is quickest now', line: 'antipode use --nearest' },
    { does: 'To the region us', line: 'antipode use us' },
  ],
  async run(invocation, terminal) {
    const wanted = invocation.positionals[0];
    const isNearest = invocation.flags['nearest'] === true || wanted === NEAREST;
    if (!isNearest && wanted === undefined)
      throw new UsageError('antipode use needs a region, such as antipode use eu, or --nearest');
    if (isNearest && wanted !== undefined && wanted !== NEAREST)
      throw new UsageError(`antipode use takes either "${wanted}" or --nearest`);
    const session = await openSession(invocation, terminal);
    const regions = regionContexts(session.kubeconfig);
    if (regions.length === 0) {
      throw new Failure('the kubeconfig knows no regions', {
        exitCode: exitCode.notFound,
        hint: 'Write them into it with antipode kubeconfig.',
      });
    }
    const distances = isNearest
      ? await measureRegions(session.kubeconfig, regions, { options: session.options, terminal })
      : [];
    const target = isNearest ? distances[0] : regions.find(({ region }) => region === wanted);
    if (target === undefined) {
      throw new Failure(`the kubeconfig has no region ${JSON.stringify(wanted)}`, {
        exitCode: exitCode.notFound,
        hint: `Its regions are ${regions.map(({ region }) => region).join(', ')}.`,
      });
    }
    if (isNearest && distances[0]?.rttMs === undefined) {
      throw new Failure('no region answers, so that none is the nearest', {
        exitCode: exitCode.unreachable,
        hint: distances.map(({ region, problem }) => `${region}: ${problem}`).join('\n'),
      });
    }
    if (isNearest) await setNearest(session.places, target.region);
    const server = await go(session, isNearest ? NEAREST : target.region);
    const value = { region: target.region, server, ...(isNearest ? { regions: distances } : {}) };
    if (await printAs(invocation.flags['output'], value, terminal)) return exitCode.done;
    if (isNearest) terminal.out(`${distanceTable(distances)}\n`);
    terminal.out(`Now in region ${target.region}, ${server}.\n`);
    return exitCode.done;
  },
};

/** Makes a region's context the current one, in the workspace that was current; the URL of where one is then. */
async function go(session: Session, context: string): Promise<string> {
  const kubeconfig = await Kubeconfig.load(session.places);
  const own = String(kubeconfig.entry('clusters', context)?.fields['server']);
  const there = parseWorkspaceUrl(own);
  const path = session.current?.path;
  if (there === undefined || path === undefined || path === there.path) {
    await useContext(session.places, context);
    return own;
  }
  // As kubectl ws does, so that the context of the region goes on to lead where it led.
  const server = workspaceUrl({ base: there.base, path });
  const user = kubeconfig.entry('contexts', context)?.fields['user'];
  await enterServer(session.places, {
    context: contextOf(session),
    source: { context, cluster: context, user: typeof user === 'string' ? user : undefined },
    server,
  });
  return server;
}
