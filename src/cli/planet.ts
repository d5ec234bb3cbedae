import { resolve } from 'node:path';
import { packageFile } from '../base/mod.ts';
import { type Command, type Invocation, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { isOnPath, shellQuoted } from './next-steps.ts';
import { printAs } from './output.ts';
import { askPlanet, type ControlRequest, controlActions, untilGone } from './planet/control.ts';
import type { PlanetStatus } from './planet/planet.ts';
import { type PlanetPaths, planetPaths } from './planet/planet-directory.ts';
import { parts } from './planet/region-processes.ts';
import { runPlanet } from './planet/run-planet.ts';
import { DEFAULT_REGIONS, DEFAULT_ROUND_TRIPS } from './planet/settings.ts';
import { statusTable, troubles } from './planet/status-table.ts';
import type { Terminal } from './terminal.ts';

const DEFAULT_DIRECTORY = '.antipode-planet';

export const planetCommand: Command = {
  name: 'planet',
  summary: 'Run a planet of several regions on this machine',
  usage: '[ACTION [REGION...]] [flags]',
  details: [
    'Without an action it runs a planet until Ctrl-C: for each region a member and two nats-servers, and between regions\n' +
      'links that are as slow as those of a real planet. The directory keeps everything; a later run goes on with it.',
    'The actions are for a planet that runs, from another terminal:\n' +
      '  cut REGION [REGION]   Cut the link between two regions, or all links of one\n' +
      '  heal [REGION...]      Mend the link between two regions, all links of one, or all\n' +
      '  kill REGION           End a region as kill -9 does: its member and its nats-servers\n' +
      '  restart REGION        Start what is down of a region, or start it anew\n' +
      '  status                Show regions and links\n' +
      '  stop                  Stop the planet',
  ],
  flags: {
    'root-directory': {
      type: 'string',
      placeholder: 'DIR',
      default: DEFAULT_DIRECTORY,
      completes: 'directory',
      description: 'Where the planet keeps everything, and its admin.kubeconfig',
    },
    regions: {
      type: 'string',
      placeholder: 'NAME,…',
      description: `The regions of a new planet (${DEFAULT_REGIONS} if none are given)`,
    },
    rtt: {
      type: 'string',
      placeholder: 'A-B=MS,…',
      description: `How long a round trip between regions takes (${DEFAULT_ROUND_TRIPS} between those regions, else 0)`,
    },
    'secure-port': {
      type: 'string',
      placeholder: 'PORT',
      description:
        'The port of the first region of a new planet, the others follow; 0 takes free ones (6443 if not given)',
    },
    'nats-server': {
      type: 'string',
      placeholder: 'FILE',
      description: 'The nats-server to run instead of the one on PATH',
    },
    survive: {
      type: 'string',
      placeholder: 'GOAL',
      values: ['process', 'zone', 'region'],
      description: 'What acknowledged writes of a new planet survive (zone if not given)',
    },
    only: {
      type: 'string',
      placeholder: 'PART',
      values: parts,
      description: 'With kill and restart, only the member or only the nats-servers of the region',
    },
    silent: {
      type: 'boolean',
      description: 'With cut, let everything disappear without a word instead of resetting connections',
    },
    output: {
      type: 'string',
      short: 'o',
      placeholder: 'FORMAT',
      values: ['json', 'yaml'],
      description: 'With status, print it for programs',
    },
  },
  positionals: [controlActions, { placeholder: 'REGION' }, { placeholder: 'REGION' }],
  examples: [
    { does: 'Three regions, far from each other', line: 'antipode planet' },
    {
      does: 'With names and distances of one’s own',
      line: 'antipode planet --root-directory .mars --regions earth,mars --rtt earth-mars=2000',
    },
    { does: 'Cut the cable between eu and us', line: 'antipode planet cut eu us' },
    { does: 'Mend all of them', line: 'antipode planet heal' },
    { does: 'Lose the member of us', line: 'antipode planet kill us --only member' },
    { does: 'Bring it back', line: 'antipode planet restart us' },
    { does: 'What is up?', line: 'antipode planet status -o json' },
  ],
  async run(invocation, terminal) {
    const paths = planetPaths(directoryOf(invocation));
    const action = controlActions.find((name) => name === invocation.positionals[0]);
    refuseStrayFlags(invocation, action);
    if (action === undefined) {
      if (process.platform === 'win32')
        throw new Failure('a planet runs on Linux and macOS only; on Windows use WSL');
      return runPlanet(
        {
          paths,
          choice: {
            regions: textFlag(invocation, 'regions'),
            roundTrips: textFlag(invocation, 'rtt'),
            firstPort: portFlag(invocation),
          },
          natsServer: textFlag(invocation, 'nats-server'),
          survive: textFlag(invocation, 'survive') ?? 'zone',
          antipode: [process.execPath, packageFile('dist/bin/antipode')],
          stopHint: hintOf(paths),
          hasKubectl: isOnPath('kubectl', terminal.environment['PATH']),
        },
        terminal,
      );
    }
    return act(paths, requestOf(action, invocation), invocation, terminal);
  },
};

async function act(
  paths: PlanetPaths,
  request: ControlRequest,
  invocation: Invocation,
  terminal: Terminal,
): Promise<number> {
  if (request.action === 'stop') {
    await askPlanet(paths, request);
    await untilGone(paths);
    terminal.out(`The planet in ${paths.directory} has stopped.\n`);
    return exitCode.done;
  }
  const status = (await askPlanet(paths, request)) as PlanetStatus;
  if (await printAs(invocation.flags['output'], status, terminal)) return exitCode.done;
  terminal.out(statusTable(status));
  if (request.action === 'status') for (const line of troubles(status)) terminal.out(`${line}\n`);
  return exitCode.done;
}

/** How many regions an action takes. */
const COUNTS = {
  cut: [1, 2],
  heal: [0, 2],
  kill: [1, 1],
  restart: [1, 1],
  status: [0, 0],
  stop: [0, 0],
} as const;

function requestOf(action: ControlRequest['action'], invocation: Invocation): ControlRequest {
  const regions = invocation.positionals.slice(1);
  const [min, max] = COUNTS[action];
  if (regions.length < min) {
    throw new UsageError(
      `antipode planet ${action} needs the name of a region, such as antipode planet ${action} eu${action === 'cut' ? ' us' : ''}`,
    );
  }
  if (regions.length > max) {
    const most = max === 0 ? 'no region' : max === 1 ? 'one region' : 'at most two regions';
    throw new UsageError(`antipode planet ${action} takes ${most}; leave "${regions[max]}" out`);
  }
  const only = parts.find((part) => part === invocation.flags['only']);
  return {
    action,
    regions,
    ...(only === undefined ? {} : { only }),
    silent: invocation.flags['silent'] === true,
  };
}

/** Which flags mean something to which actions; no action is the start. */
const FLAG_USERS: Readonly<Record<string, readonly string[]>> = {
  regions: ['start'],
  rtt: ['start'],
  'secure-port': ['start'],
  'nats-server': ['start'],
  survive: ['start'],
  only: ['kill', 'restart'],
  silent: ['cut'],
  output: ['cut', 'heal', 'kill', 'restart', 'status'],
};

function refuseStrayFlags(invocation: Invocation, action: string | undefined): void {
  for (const [flag, users] of Object.entries(FLAG_USERS)) {
    if (invocation.flags[flag] === undefined || users.includes(action ?? 'start')) continue;
    const where = users.includes('start') ? 'when a planet is started' : `with ${users.join(', ')}`;
    throw new UsageError(`--${flag} means something only ${where}; leave it out`);
  }
}

function directoryOf(invocation: Invocation): string {
  const text = textFlag(invocation, 'root-directory');
  if (text === undefined || text === '')
    throw new UsageError(`--root-directory needs a directory, such as ${DEFAULT_DIRECTORY}`);
  return resolve(text);
}

function portFlag(invocation: Invocation): number | undefined {
  const text = textFlag(invocation, 'secure-port');
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= PORT_MAX) return port;
  throw new UsageError(`--secure-port takes a number from 0 to ${PORT_MAX}, but "${text}" is none`);
}

/** Leaves room for the ports of the other regions. */
const PORT_MAX = 65_500;

function textFlag(invocation: Invocation, name: string): string | undefined {
  const value = invocation.flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** The flag that other commands need to find this planet; empty for the default. */
function hintOf({ directory }: PlanetPaths): string {
  return directory === resolve(DEFAULT_DIRECTORY) ? '' : ` --root-directory ${shellQuoted(directory)}`;
}
