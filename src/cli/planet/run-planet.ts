import { aborted } from '../../base/mod.ts';
import { exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { shellQuoted } from '../next-steps.ts';
import { listenForStop } from '../stop-request.ts';
import type { Terminal } from '../terminal.ts';
import { type ControlRequest, ControlServer } from './control.ts';
import { planetView } from './live-view.ts';
import { findNatsServer, VERSION_RECOMMENDED } from './nats-program.ts';
import { Planet } from './planet.ts';
import { chooseSettings, type PlanetPaths, type SettingsChoice, writeSettings } from './planet-directory.ts';
import { freePorts } from './ports.ts';
import { statusTable } from './status-table.ts';

export interface PlanetRun {
  readonly paths: PlanetPaths;
  readonly choice: SettingsChoice;
  readonly natsServer: string | undefined;
  readonly survive: string;
  readonly antipode: readonly string[];
  /** What commands for this planet need as a flag. */
  readonly stopHint: string;
  readonly hasKubectl: boolean;
}

/** Runs a planet until somebody stops it, and gives the exit code. */
export async function runPlanet(run: PlanetRun, terminal: Terminal): Promise<number> {
  const { paths } = run;
  const settings = await chooseSettings(paths, run.choice, (count) => freePorts(count, Math.random));
  const natsServer = await findNatsServer({ path: run.natsServer, environment: terminal.environment });
  const stop = listenForStop(process, () => Date.now());
  const stopping = new AbortController();
  void stop.requested.then(() => stopping.abort());
  // The certificates, keys and secrets of all regions come into the directory.
  process.umask(0o077);
  // The lock on a directory is the server's, which is large; this command runs long, so that it may load it.
  const { acquireDirectoryLock, processIdentity, isRunning } = await import('../../region/mod.ts');
  const lock = await acquireDirectoryLock(paths.directory);
  let planet: Planet | undefined;
  let control: ControlServer | undefined;
  const view = planetView(terminal, () =>
    planet === undefined ? 'starting …' : statusTable(planet.status()),
  );
  try {
    if (natsServer.isOld) {
      terminal.err(
        `${natsServer.path} is nats-server ${natsServer.version}; it works, but ${VERSION_RECOMMENDED} or newer is better\n`,
      );
    }
    // Before the start, so that a planet can be stopped that is still starting.
    control = await ControlServer.open(paths, async (request) => {
      if (request.action === 'stop') return stopping.abort();
      if (planet === undefined) throw stillStarting();
      await carryOut(planet, request);
      return planet.status();
    });
    const started = await Planet.start({
      paths,
      settings,
      natsServer,
      survive: run.survive,
      antipode: run.antipode,
      identities: { processIdentity, isRunning },
      say: (line) => view.say(line),
      changed: () => view.refresh(),
      signal: stopping.signal,
    });
    planet = started;
    // Only now: a planet that could not start has not chosen anything for good.
    await writeSettings(paths, settings);
    for (const line of welcome(run, started)) view.say(line);
    view.refresh();
    await aborted(stopping.signal);
    return exitCode.done;
  } catch (error) {
    // Whoever stops it while it starts has got what they wanted.
    if (stopping.signal.aborted) return exitCode.done;
    throw error;
  } finally {
    view.close();
    if (planet !== undefined) terminal.out('stopping all regions …\n');
    await planet?.close();
    await control?.close();
    await lock.release();
    stop.close();
  }
}

async function carryOut(planet: Planet, { action, regions, only, silent }: ControlRequest): Promise<void> {
  const [region = ''] = regions;
  switch (action) {
    case 'cut':
      return planet.setLinks(planet.pairs(regions), silent === true ? 'silent' : 'cut');
    case 'heal':
      return planet.setLinks(planet.pairs(regions), 'up');
    case 'kill':
      return planet.kill(region, only);
    case 'restart':
      return planet.restart(region, only);
    case 'status':
      return;
    default:
      throw new Failure(`a planet cannot ${action}`);
  }
}

function stillStarting(): Failure {
  return new Failure('the planet is still starting', {
    exitCode: exitCode.unreachable,
    hint: 'Try again in some seconds; antipode planet stop works already.',
  });
}

function welcome(run: PlanetRun, planet: Planet): readonly string[] {
  const status = planet.status();
  const names = status.regions.map(({ name }) => name);
  const [first = '', second] = names;
  const regions = names.length === 1 ? 'region' : 'regions';
  return [
    `The planet runs with the ${regions} ${names.join(', ')} (nats-server ${status.natsServer.version}, data in ${status.directory}).`,
    'In another terminal:',
    `  export KUBECONFIG=${shellQuoted(status.kubeconfig)}`,
    ...(run.hasKubectl
      ? [`  kubectl --context ${first} get namespaces        # contexts: ${names.join(', ')}`]
      : ['  No kubectl was found on PATH; https://kubernetes.io/docs/tasks/tools/ says how to install it.']),
    ...(second === undefined
      ? []
      : [
          `  antipode planet cut ${first} ${second}${run.stopHint}        # and: heal, kill, restart, status`,
        ]),
    'Ctrl-C stops it.',
  ];
}
