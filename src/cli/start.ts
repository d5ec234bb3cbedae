import { isIP } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { packageFile } from '../base/mod.ts';
import type { AuthenticationOptions, PlanetOptions } from '../region/mod.ts';
import { authenticationFlags, authenticationOptions } from './authentication-flags.ts';
import { type Command, type Invocation, UsageError } from './command.ts';
import { parseDurationMs } from './duration.ts';
import { exitCode } from './exit-code.ts';
import { parseLabelSelector } from './label-selector.ts';
import { createLog, type Log, type LogFormat, type LogLevel, logFormats, logLevels } from './log.ts';
import { isOnPath, nextSteps } from './next-steps.ts';
import { planetFlags, planetOptions } from './planet-flags.ts';
import { withProgress } from './progress.ts';
import { listenForStop, type StoppableProcess, type StopRequest } from './stop-request.ts';
import { red, type Terminal } from './terminal.ts';

/** What a member is started with. */
export interface MemberOptions {
  readonly rootDirectory: string;
  readonly bindAddress: string;
  readonly securePort: number;
  readonly region: string;
  /** Labels of its region, by which workspaces choose it. */
  readonly regionLabels?: Readonly<Record<string, string>>;
  /** Where clients reach it, if not where it listens. */
  readonly externalUrl?: string;
  /** Who may come in. */
  readonly authentication: AuthenticationOptions;
  /** Of which planet it is a member; absent: of none. */
  readonly planet?: PlanetOptions;
  readonly log: Log;
  /** Networks besides the public Internet that webhooks may be in, as prefixes. */
  readonly webhookNetworks: readonly string[];
  /** Admission plugins that are on beyond the default ones, and off. */
  readonly admission: { readonly enable: readonly string[]; readonly disable: readonly string[] };
  /** How long events live after they were last written; 0 is for ever. */
  readonly eventTtlMs: number;
  /** How many objects a workspace may have; 0 is any number. */
  readonly totalObjectLimit: number;
}

/** A member that answers requests. */
export interface RunningMember {
  readonly url: string;
  readonly kubeconfigPath: string;
  /** Stops it: watches end, what was acknowledged is on disk. */
  close(): Promise<void>;
  /** Resolves when it cannot go on. */
  readonly failed: Promise<Error>;
}

/** What the command needs of its surroundings. */
export interface StartSurroundings {
  /** Loads the server, which is by far the largest part of the program. */
  loadRegion(): Promise<{ startMember(options: MemberOptions): Promise<RunningMember> }>;
  readonly process: StoppableProcess;
  /** Milliseconds since 1970. */
  nowMs(): number;
}

export const startCommand: Command = createStartCommand({
  loadRegion() {
    // Whatever the database writes is for this user alone, also in a directory that others may enter.
    process.umask(0o077);
    return import('../region/mod.ts');
  },
  process,
  nowMs: () => Date.now(),
});

/** `antipode start` in given surroundings. */
export function createStartCommand(surroundings: StartSurroundings): Command {
  return {
    name: 'start',
    summary: 'Start a Kubernetes API server on this machine',
    usage: '[flags]',
    details: [
      'Makes its certificates and an admin.kubeconfig in the root directory at the first start, keeps all\n' +
        'objects there, and serves until it is stopped with Ctrl-C or SIGTERM.',
    ],
    flags: {
      'root-directory': {
        type: 'string',
        placeholder: 'DIR',
        default: '.antipode',
        completes: 'directory',
        description: 'Where objects, certificates and admin.kubeconfig are kept',
      },
      'bind-address': {
        type: 'string',
        placeholder: 'IP',
        default: '0.0.0.0',
        description: 'The address to listen on',
      },
      'secure-port': {
        type: 'string',
        placeholder: 'PORT',
        default: '6443',
        description: 'The port to listen on; 0 takes a free one',
      },
      region: {
        type: 'string',
        placeholder: 'NAME',
        default: 'local',
        description: 'The name of the region that this member belongs to',
      },
      'region-labels': {
        type: 'list',
        placeholder: 'KEY=VALUE',
        description: 'Labels of the Region object of this region in a planet, by which workspaces choose it',
      },
      'shard-external-url': {
        type: 'string',
        placeholder: 'URL',
        description: 'Where clients reach this server, as workspaces and endpoints say it',
      },
      'webhook-networks': {
        type: 'string',
        placeholder: 'CIDR,…',
        description:
          'Networks besides the public Internet that webhooks may be in; a server on loopback reaches its own machine',
      },
      'enable-admission-plugins': {
        type: 'string',
        placeholder: 'NAME,…',
        description:
          'Admission plugins to run besides the default ones, by their names in Kubernetes and kcp',
      },
      'disable-admission-plugins': {
        type: 'string',
        placeholder: 'NAME,…',
        description: 'Default admission plugins not to run',
      },
      'event-ttl': {
        type: 'string',
        placeholder: 'DURATION',
        default: '1h',
        description: 'How long events are kept after they were last written; 0 keeps them',
      },
      'logical-cluster-total-object-limit': {
        type: 'string',
        placeholder: 'COUNT',
        default: '0',
        description:
          'How many objects a workspace may have, unless its annotation says otherwise; 0 is any number',
      },
      ...authenticationFlags,
      'log-level': {
        type: 'string',
        placeholder: 'LEVEL',
        default: 'warn',
        values: logLevels,
        description: 'The least important lines to log, on standard error',
      },
      'log-format': {
        type: 'string',
        placeholder: 'FORMAT',
        default: 'text',
        values: logFormats,
        description: 'The form of logged lines',
      },
      ...planetFlags,
    },
    positionals: [],
    examples: [
      { does: 'Serve on https://127.0.0.1:6443, with the data in .antipode', line: 'antipode start' },
      {
        does: 'Only for this machine, on another port',
        line: 'antipode start --bind-address 127.0.0.1 --secure-port 7443',
      },
      {
        does: 'For the users of an OIDC provider, besides the administrators of admin.kubeconfig',
        line: 'antipode start --oidc-issuer-url https://login.example.com --oidc-client-id kubernetes',
      },
      {
        does: 'With a log that programs can read',
        line: 'antipode start --log-level info --log-format json',
      },
    ],
    run: (invocation, terminal) => runStart(surroundings, invocation, terminal),
  };
}

async function runStart(
  surroundings: StartSurroundings,
  invocation: Invocation,
  terminal: Terminal,
): Promise<number> {
  const log = createLog({
    level: textFlag(invocation, 'log-level') as LogLevel,
    format: textFlag(invocation, 'log-format') as LogFormat,
    nowMs: () => surroundings.nowMs(),
    write: (line) => terminal.err(line),
  });
  const options = memberOptions(invocation, log);
  const stop = listenForStop(surroundings.process, () => surroundings.nowMs());
  try {
    const { startMember } = await surroundings.loadRegion();
    const member = await withProgress(startMember(options), `opening ${options.rootDirectory} …\n`, terminal);
    if (!stop.isRequested()) terminal.out(nextSteps(startedMember(options, member, terminal)));
    return await serve(member, stop, terminal);
  } finally {
    stop.close();
  }
}

/** Waits for the end, closes the member and gives the exit code. */
async function serve(member: RunningMember, stop: StopRequest, terminal: Terminal): Promise<number> {
  const failure = await Promise.race([stop.requested.then(() => undefined), member.failed]);
  if (failure !== undefined) terminal.err(`${red('error:', terminal)} ${failure.message}\n`);
  const patience = 'stopping, open requests are being finished; Ctrl-C again ends it at once …\n';
  try {
    await withProgress(member.close(), patience, terminal);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.err(`${red('error:', terminal)} stopped, but not cleanly: ${reason}\n`);
    return exitCode.failed;
  }
  return failure === undefined ? exitCode.done : exitCode.failed;
}

function memberOptions(invocation: Invocation, log: Log): MemberOptions {
  return {
    rootDirectory: rootDirectory(textFlag(invocation, 'root-directory')),
    bindAddress: bindAddress(textFlag(invocation, 'bind-address')),
    securePort: port(textFlag(invocation, 'secure-port')),
    region: regionName(textFlag(invocation, 'region')),
    ...regionLabels(invocation),
    ...externalUrl(textFlag(invocation, 'shard-external-url')),
    webhookNetworks: networks(textFlag(invocation, 'webhook-networks')),
    admission: {
      enable: names(textFlag(invocation, 'enable-admission-plugins')),
      disable: names(textFlag(invocation, 'disable-admission-plugins')),
    },
    eventTtlMs: duration('event-ttl', textFlag(invocation, 'event-ttl')),
    totalObjectLimit: count(invocation, 'logical-cluster-total-object-limit'),
    authentication: authenticationOptions(invocation),
    ...planetOptions(invocation),
    log,
  };
}

function count(invocation: Invocation, name: string): number {
  const text = textFlag(invocation, name);
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} is "${text}", which is no number of objects: give one such as 10000`);
}

function textFlag(invocation: Invocation, name: string): string {
  const value = invocation.flags[name];
  return typeof value === 'string' ? value : '';
}

function rootDirectory(text: string): string {
  if (text === '') throw new UsageError('--root-directory needs a directory, such as .antipode');
  return resolve(text);
}

function bindAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new UsageError(
    `--bind-address takes an IP address, such as 127.0.0.1, 0.0.0.0 or ::, but "${text}" is none`,
  );
}

function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 65_535) return value;
  throw new UsageError(`--secure-port takes a number from 0 to 65535, but "${text}" is none`);
}

function names(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function networks(text: string): string[] {
  const list = text.split(',').filter((network) => network !== '');
  for (const network of list) {
    const [address = '', prefix, ...rest] = network.split('/');
    const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1;
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
    if (bits > 0 && isPrefix && rest.length === 0) continue;
    throw new UsageError(
      `--webhook-networks takes addresses and prefixes, such as 10.0.0.0/8,fd00::/8, but "${network}" is none`,
    );
  }
  return list;
}

function duration(flag: string, text: string): number {
  const value = parseDurationMs(text);
  if (value !== undefined) return value;
  throw new UsageError(`--${flag} takes a duration, such as 1h, 90s or 1h30m, but "${text}" is none`);
}

function regionName(text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new UsageError(
    `--region takes a name of at most 63 lower-case letters, digits and inner hyphens, such as eu-west, but "${text}" is none`,
  );
}

/** The part of the options that labels the region; nothing where no label is given. */
function regionLabels(invocation: Invocation): Pick<MemberOptions, 'regionLabels'> {
  const given = (invocation.lists['region-labels'] ?? [])
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (given.length === 0) return {};
  const labels = given.map((text) => {
    const { matchLabels = {}, matchExpressions = [] } = labelSelector(text);
    const [entry, ...others] = Object.entries(matchLabels);
    if (entry !== undefined && others.length === 0 && matchExpressions.length === 0) return entry;
    throw new UsageError(`--region-labels takes labels, such as continent=europe, but "${text}" is none`);
  });
  return { regionLabels: Object.fromEntries(labels) };
}

function labelSelector(text: string): ReturnType<typeof parseLabelSelector> {
  try {
    return parseLabelSelector(text);
  } catch {
    return {};
  }
}

/** The part of the options that names a URL; nothing where none is given. */
function externalUrl(text: string): Pick<MemberOptions, 'externalUrl'> {
  if (text === '') return {};
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.protocol === 'https:' && url.search === '' && url.hash === '' && url.username === '';
  if (isPlain) return { externalUrl: text.replace(/\/+$/, '') };
  throw new UsageError(
    `--shard-external-url takes an https URL, such as https://kube.example.com:6443, but "${text}" is none`,
  );
}

function startedMember(
  options: MemberOptions,
  member: RunningMember,
  terminal: Terminal,
): Parameters<typeof nextSteps>[0] {
  return {
    url: member.url.replace(/\/+$/, ''),
    region: options.region,
    rootDirectory: options.rootDirectory,
    kubeconfigPath: member.kubeconfigPath,
    caPath: join(dirname(member.kubeconfigPath), 'ca.crt'),
    hasKubectl: isOnPath('kubectl', terminal.environment['PATH']),
    pluginFolder: pluginFolder(terminal.environment['PATH']),
  };
}

/** Beside this program, where the build puts them; undefined if kubectl finds them without help. */
function pluginFolder(path: string | undefined): string | undefined {
  const folder = packageFile('dist/bin');
  return isOnPath('kubectl-ws', path) || !isOnPath('kubectl-ws', folder) ? undefined : folder;
}
