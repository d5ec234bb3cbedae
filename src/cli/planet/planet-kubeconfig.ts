import { readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { Failure, systemCode } from '../failure.ts';
import { REGION_EXTENSION } from '../kubeconfig/region-contexts.ts';
import { writePrivately } from './planet-directory.ts';

export interface RegionKubeconfig {
  readonly name: string;
  readonly url: string;
  /** The file that the region's member writes. */
  readonly kubeconfig: string;
}

const ADMIN = 'admin';

interface Entry {
  readonly name: string;
  readonly [content: string]: unknown;
}

interface Config {
  readonly clusters: readonly Entry[];
  readonly contexts: readonly Entry[];
  readonly users: readonly Entry[];
  readonly 'current-context': string | undefined;
}

/**
 * Writes the kubeconfig of a planet: a context for each region, in `root`, as the administrator. What else is in the
 * file stays, so that a planet that is started again leaves its users where they were.
 */
export async function writePlanetKubeconfig(
  path: string,
  regions: readonly RegionKubeconfig[],
): Promise<void> {
  const before = await readConfig(path);
  const own = await Promise.all(regions.map(regionEntries));
  const config: Config = {
    clusters: replaced(
      before?.clusters,
      own.map(({ cluster }) => cluster),
    ),
    contexts: replaced(
      before?.contexts,
      own.map(({ context }) => context),
    ),
    // One administrator in all regions.
    users: replaced(
      before?.users,
      own.slice(0, 1).map(({ user }) => user),
    ),
    'current-context': before?.['current-context'],
  };
  const isThere = config.contexts.some(({ name }) => name === config['current-context']);
  await writePrivately(
    path,
    stringify(
      {
        apiVersion: 'v1',
        kind: 'Config',
        preferences: {},
        ...config,
        ...(isThere ? {} : { 'current-context': regions[0]?.name ?? '' }),
      },
      { version: '1.1', lineWidth: 0, indentSeq: false },
    ),
  );
}

async function regionEntries({ name, url, kubeconfig }: RegionKubeconfig): Promise<{
  readonly cluster: Entry;
  readonly context: Entry;
  readonly user: Entry;
}> {
  const { cluster, user } = await administratorIn(kubeconfig);
  return {
    cluster: {
      name,
      cluster: {
        'certificate-authority-data': cluster['certificate-authority-data'],
        server: `${url}/clusters/root`,
        extensions: [{ name: REGION_EXTENSION, extension: { region: name } }],
      },
    },
    context: { name, context: { cluster: name, user: ADMIN } },
    user: { name: ADMIN, user },
  };
}

/** How the administrator of a member's kubeconfig reaches it, for requests of this program's own. */
export async function administratorOf(
  kubeconfig: string,
): Promise<{ readonly ca: Buffer; readonly token: string }> {
  const { cluster, user } = await administratorIn(kubeconfig);
  const ca = Buffer.from(String(cluster['certificate-authority-data']), 'base64');
  return { ca, token: String(user['token']) };
}

async function administratorIn(kubeconfig: string): Promise<{
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly user: Readonly<Record<string, unknown>>;
}> {
  const config = await readConfig(kubeconfig);
  const cluster = config?.clusters.find((entry) => entry.name === 'root')?.['cluster'];
  const user = config?.users.find((entry) => entry.name === 'kcp-admin')?.['user'];
  if (isFields(cluster) && isFields(user)) return { cluster, user };
  throw new Failure(`${kubeconfig} has no administrator; a member writes it at its start`);
}

function replaced(before: readonly Entry[] | undefined, own: readonly Entry[]): readonly Entry[] {
  const others = (before ?? []).filter(({ name }) => !own.some((entry) => entry.name === name));
  return [...own, ...others];
}

async function readConfig(path: string): Promise<Config | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const value: unknown = parse(text, { version: '1.1' });
  if (!isFields(value)) return undefined;
  const current = value['current-context'];
  return {
    clusters: entriesOf(value['clusters']),
    contexts: entriesOf(value['contexts']),
    users: entriesOf(value['users']),
    'current-context': typeof current === 'string' ? current : undefined,
  };
}

function entriesOf(value: unknown): readonly Entry[] {
  if (!Array.isArray(value)) return [];
  return value.filter((entry): entry is Entry => isFields(entry) && typeof entry['name'] === 'string');
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
