import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure, reasonOf } from '../failure.ts';
import type { Kubeconfig, KubeconfigEntry } from '../kubeconfig/kubeconfig.ts';
import type { Fields } from '../kubeconfig/kubeconfig-file.ts';
import type { Terminal } from '../terminal.ts';
import type { ConnectionOptions } from './connection-flags.ts';

/** Where the server is, how it is known, and who asks. */
export interface Connection {
  readonly server: URL;
  /** In PEM; undefined for those that the machine trusts. */
  readonly ca: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  readonly skipsVerification: boolean;
  readonly tlsServerName: string | undefined;
  readonly proxyUrl: string | undefined;
  /** Authorization and impersonation. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly requestTimeoutMs: number | undefined;
}

/** The names of the entries of the kubeconfig that are in use. */
export interface ContextChoice {
  readonly context: string;
  readonly cluster: string;
  readonly user: string | undefined;
}

/** Which context is the current one, with what the flags say; fails as kubectl's plugins for kcp do. */
export function chooseContext(kubeconfig: Kubeconfig, options: ConnectionOptions): ContextChoice {
  const context = options.context ?? kubeconfig.currentContext;
  if (context === undefined) throw noCurrentContext(kubeconfig);
  const fields = kubeconfig.entry('contexts', context)?.fields;
  if (fields === undefined) throw new Failure(`current ${JSON.stringify(context)} context not found`);
  return {
    context,
    cluster: options.cluster ?? textOf(fields, 'cluster') ?? '',
    user: options.user ?? textOf(fields, 'user'),
  };
}

function noCurrentContext(kubeconfig: Kubeconfig): Failure {
  const paths = kubeconfig.files.map((file) => file.path).join(', ');
  const exists = kubeconfig.files.some((file) => file.exists);
  return new Failure(
    exists
      ? `no current context is set in ${paths}`
      : `there is no kubeconfig: ${paths || 'no home directory either'}`,
    {
      hint: exists
        ? 'Choose one with kubectl config use-context NAME, or with --context.'
        : 'Set KUBECONFIG to the admin.kubeconfig of your server, which antipode start prints.',
    },
  );
}

/** Puts a connection together from flags and kubeconfig, in this order of weight; runs a credential plugin if the user has one. */
export async function resolveConnection(
  kubeconfig: Kubeconfig,
  options: ConnectionOptions,
  terminal: Terminal,
): Promise<Connection> {
  const cluster = clusterEntry(kubeconfig, options);
  const anonymous = await connectionTo(cluster, options);
  const { server, ca } = anonymous;
  const user = userEntry(kubeconfig, options);
  const credentials = await credentialsOf({ user, cluster, server, ca }, options, terminal);
  return {
    ...anonymous,
    clientCertificate: credentials.certificate,
    clientKey: credentials.key,
    headers: { ...authorization(credentials), ...impersonation(user.fields, options) },
  };
}

/** The connection to a cluster of the kubeconfig of somebody who does not say who they are. */
export async function anonymousConnection(
  kubeconfig: Kubeconfig,
  cluster: string,
  options: ConnectionOptions,
): Promise<Connection> {
  const entry = kubeconfig.entry('clusters', cluster);
  if (entry === undefined) throw new Failure(`cluster ${JSON.stringify(cluster)} not found in kubeconfig`);
  return connectionTo(entry, options);
}

async function connectionTo(cluster: KubeconfigEntry, options: ConnectionOptions): Promise<Connection> {
  return {
    server: serverUrl(options.server ?? textOf(cluster.fields, 'server')),
    ca:
      options.certificateAuthority === undefined
        ? await contentOf(cluster, 'certificate-authority')
        : await readNamed('--certificate-authority', resolve(options.certificateAuthority)),
    clientCertificate: undefined,
    clientKey: undefined,
    skipsVerification:
      options.skipsVerification ?? textOf(cluster.fields, 'insecure-skip-tls-verify') === 'true',
    tlsServerName: options.tlsServerName ?? textOf(cluster.fields, 'tls-server-name'),
    proxyUrl: textOf(cluster.fields, 'proxy-url'),
    headers: {},
    requestTimeoutMs: options.requestTimeoutMs,
  };
}

const NOTHING: KubeconfigEntry = { fields: {}, directory: '.' };

function clusterEntry(kubeconfig: Kubeconfig, options: ConnectionOptions): KubeconfigEntry {
  // `--server` alone says enough; everything else needs a context or a cluster by name.
  if (
    options.server !== undefined &&
    options.cluster === undefined &&
    (options.context ?? kubeconfig.currentContext) === undefined
  ) {
    return NOTHING;
  }
  const name = options.cluster ?? chooseContext(kubeconfig, options).cluster;
  const entry = kubeconfig.entry('clusters', name);
  if (entry === undefined) throw new Failure(`cluster ${JSON.stringify(name)} not found in kubeconfig`);
  return entry;
}

function userEntry(kubeconfig: Kubeconfig, options: ConnectionOptions): KubeconfigEntry {
  const isNamed = options.user !== undefined || (options.context ?? kubeconfig.currentContext) !== undefined;
  const name = isNamed ? (options.user ?? chooseContext(kubeconfig, options).user) : undefined;
  if (name === undefined || name === '') return NOTHING;
  const entry = kubeconfig.entry('users', name);
  if (entry === undefined) throw new Failure(`user ${JSON.stringify(name)} not found in kubeconfig`);
  return entry;
}

function serverUrl(text: string | undefined): URL {
  if (text === undefined || text === '')
    throw new Failure('the kubeconfig names no server for the current context');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  throw new Failure(`the server ${JSON.stringify(text)} of the kubeconfig is no URL of http or https`);
}

interface Credentials {
  readonly token?: string | undefined;
  readonly basic?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

interface Asker {
  readonly user: KubeconfigEntry;
  readonly cluster: KubeconfigEntry;
  readonly server: URL;
  readonly ca: string | undefined;
}

async function credentialsOf(
  asker: Asker,
  options: ConnectionOptions,
  terminal: Terminal,
): Promise<Credentials> {
  const { user } = asker;
  const certificate =
    options.clientCertificate === undefined
      ? await contentOf(user, 'client-certificate')
      : await readNamed('--client-certificate', resolve(options.clientCertificate));
  const key =
    options.clientKey === undefined
      ? await contentOf(user, 'client-key')
      : await readNamed('--client-key', resolve(options.clientKey));
  const certificates = { certificate, key };
  if (options.token !== undefined) return { ...certificates, token: options.token };
  if (options.username !== undefined) {
    return { ...certificates, basic: `${options.username}:${options.password ?? ''}` };
  }
  const tokenFile = textOf(user.fields, 'tokenFile');
  const token = tokenFile === undefined ? textOf(user.fields, 'token') : await tokenOf(user, tokenFile);
  if (token !== undefined) return { ...certificates, token };
  const username = textOf(user.fields, 'username');
  if (username !== undefined) {
    return { ...certificates, basic: `${username}:${textOf(user.fields, 'password') ?? ''}` };
  }
  if (certificate !== undefined) return certificates;
  const exec = user.fields['exec'];
  if (typeof exec === 'object' && exec !== null) {
    const { execCredentials } = await import('./exec-credential.ts');
    return execCredentials({ exec: exec as Fields, ...asker, terminal });
  }
  if (user.fields['auth-provider'] !== undefined) {
    throw new Failure('the user of the kubeconfig has an auth-provider, which is not supported', {
      hint: 'Use an exec credential plugin instead, as kubectl 1.26 and newer ask for.',
    });
  }
  return {};
}

// The file counts where both are given: it is renewed by whoever made it.
async function tokenOf(user: KubeconfigEntry, path: string): Promise<string | undefined> {
  try {
    return (await readFile(resolve(user.directory, path), 'utf8')).trim();
  } catch (error) {
    const token = textOf(user.fields, 'token');
    if (token !== undefined) return token;
    throw new Failure(`cannot read the tokenFile ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function authorization({ token, basic }: Credentials): Readonly<Record<string, string>> {
  if (token !== undefined) return { authorization: `Bearer ${headerText('token', token)}` };
  if (basic !== undefined) return { authorization: `Basic ${Buffer.from(basic).toString('base64')}` };
  return {};
}

function impersonation(
  user: Fields,
  options: ConnectionOptions,
): Readonly<Record<string, string | readonly string[]>> {
  const headers: Record<string, string | readonly string[]> = {};
  const fromFlags = options.impersonate !== undefined;
  const name = options.impersonate ?? textOf(user, 'as');
  const uid = options.impersonateUid ?? (fromFlags ? undefined : textOf(user, 'as-uid'));
  const listed = user['as-groups'];
  const groups =
    options.impersonateGroups.length > 0 || fromFlags
      ? options.impersonateGroups
      : Array.isArray(listed)
        ? listed.filter((group) => typeof group === 'string')
        : [];
  if (name === undefined && (groups.length > 0 || uid !== undefined)) {
    throw new Failure('requesting groups or uid without impersonating a user: --as is missing');
  }
  if (name !== undefined) headers['impersonate-user'] = headerText('--as', name);
  if (uid !== undefined) headers['impersonate-uid'] = headerText('--as-uid', uid);
  if (groups.length > 0)
    headers['impersonate-group'] = groups.map((group) => headerText('--as-group', group));
  const extra = user['as-user-extra'];
  if (fromFlags || typeof extra !== 'object' || extra === null) return headers;
  for (const [key, values] of Object.entries(extra)) {
    const texts = Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
    headers[`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`] = texts;
  }
  return headers;
}

function headerText(what: string, value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a header must not carry
  if (!/[\u0000-\u001f\u007f]/.test(value)) return Buffer.from(value, 'utf8').toString('latin1');
  throw new Failure(`${what} holds a control character, which no request can carry`);
}

/** `<field>-data` in base64, or the file that `<field>` names. */
async function contentOf(entry: KubeconfigEntry, field: string): Promise<string | undefined> {
  const data = textOf(entry.fields, `${field}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const path = textOf(entry.fields, field);
  return path === undefined ? undefined : readNamed(field, resolve(entry.directory, path));
}

async function readNamed(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Failure(`cannot read ${what} ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
