import { hash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { User } from '../../src/access/mod.ts';
import type { AdmissionChoice } from '../../src/admission/mod.ts';
import { type Api, createLogicalCluster } from '../../src/api/mod.ts';
import { parseLogicalCluster } from '../../src/base/mod.ts';
import { type AuthenticationOptions, type MemberLog, startMember } from '../../src/region/mod.ts';
import { universalBindings } from './universal.ts';

/** A member in the process of the tests: the sources as they are, no build, and its insides at hand. */
export interface InProcessServer {
  readonly url: string;
  readonly port: number;
  /** Of the administrator. */
  readonly token: string;
  /** The certificate authority in PEM. */
  readonly ca: string;
  readonly api: Api;
  /** What the member has logged as errors so far: failures of its own. */
  readonly errors: readonly string[];
  /** Makes a logical cluster that can have workspaces; its objects are under the returned path. */
  createCluster(name: string): Promise<string>;
  stop(): Promise<void>;
}

export interface InProcessOptions {
  /** Who else there is besides the administrators, by token. */
  readonly users?: Readonly<Record<string, User>>;
  /** Admission plugins that are on beyond the default ones, and off. */
  readonly admission?: AdmissionChoice;
  /** Controllers that do not run, by name. */
  readonly disabledControllers?: readonly string[];
  readonly authentication?: AuthenticationOptions;
  /** How many objects a logical cluster may have that says nothing of its own. */
  readonly totalObjectLimit?: number;
}

/** Starts a member on a free port and an empty directory. */
export async function startInProcess(options: InProcessOptions = {}): Promise<InProcessServer> {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-in-process-'));
  const errors: string[] = [];
  const log: MemberLog = {
    error: (message, fields) => errors.push(`${message} ${JSON.stringify(fields ?? {})}`),
    warn: () => {},
    info: () => {},
    debug: () => {},
  };
  try {
    const member = await startMember({
      rootDirectory: directory,
      bindAddress: '127.0.0.1',
      securePort: 0,
      region: 'local',
      log,
      ...(options.admission === undefined ? {} : { admission: options.admission }),
      ...(options.totalObjectLimit === undefined ? {} : { totalObjectLimit: options.totalObjectLimit }),
      authentication: {
        ...options.authentication,
        credentials: Object.entries(options.users ?? {}).map(([token, user]) => ({
          tokenHash: hash('sha256', token),
          user,
        })),
      },
      disabledControllers: options.disabledControllers ?? [],
    });
    return {
      url: member.url,
      port: Number(new URL(member.url).port),
      ...credentialsOf(await readFile(member.kubeconfigPath, 'utf8')),
      api: member.api,
      errors,
      async createCluster(name) {
        const cluster = parseLogicalCluster(name);
        if (cluster === undefined) throw new Error(`${name} cannot name a logical cluster`);
        const more = await universalBindings(member.api, cluster);
        if (!(await createLogicalCluster(member.api, cluster, { more })))
          throw new Error(`${name} exists already`);
        return `/clusters/${name}`;
      },
      async stop() {
        await member.close();
        await rm(directory, { recursive: true, force: true, maxRetries: 3 });
      },
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    throw error;
  }
}

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly { name: string; context: { cluster: string; user: string } }[];
  readonly clusters: readonly { name: string; cluster: { 'certificate-authority-data': string } }[];
  readonly users: readonly { name: string; user: { token: string } }[];
}

function credentialsOf(text: string): { readonly token: string; readonly ca: string } {
  const config = parse(text) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined) throw new Error('the kubeconfig has no usable context');
  return { token: user.token, ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString() };
}
