import { ApiClient } from './client/client.ts';
import { type ContextChoice, chooseContext, resolveConnection } from './client/connection.ts';
import { type ConnectionOptions, connectionOptions } from './client/connection-flags.ts';
import type { Invocation } from './command.ts';
import { Failure } from './failure.ts';
import { Kubeconfig, type KubeconfigPlaces } from './kubeconfig/kubeconfig.ts';
import type { Terminal } from './terminal.ts';
import { isWorkspacePath, parseWorkspaceUrl, resolveWorkspace, type WorkspaceUrl } from './workspace-path.ts';

/** What a command knows of its user's kubeconfig, and a way to the server. */
export interface Session {
  readonly options: ConnectionOptions;
  readonly places: KubeconfigPlaces;
  readonly kubeconfig: Kubeconfig;
  /** The URL of the server that is current. */
  readonly server: string;
  /** The workspace that it is of, if it is of one. */
  readonly current: WorkspaceUrl | undefined;
  /** A client whose paths begin before `/clusters/`. Credentials are found when it is asked for first. */
  client(): Promise<ApiClient>;
}

/** Reads the kubeconfig; nothing is sent to anybody yet. */
export async function openSession(invocation: Invocation, terminal: Terminal): Promise<Session> {
  const options = connectionOptions(invocation);
  const places = { explicitPath: options.kubeconfigPath, environment: terminal.environment };
  const kubeconfig = await Kubeconfig.load(places);
  const server = serverOf(kubeconfig, options);
  const current = parseWorkspaceUrl(server);
  let client: Promise<ApiClient> | undefined;
  return {
    options,
    places,
    kubeconfig,
    server,
    current,
    client() {
      client ??= connect({ kubeconfig, options, base: current?.base ?? server }, terminal);
      return client;
    },
  };
}

/** The workspace that a command works in: the current one, or the one that `-w` names. */
export function workspaceOf(session: Session): string {
  const { current, server, options } = session;
  if (current === undefined)
    throw new Failure(`current URL ${JSON.stringify(server)} does not point to a workspace`);
  if (options.workspace === undefined) return current.path;
  const path = resolveWorkspace(options.workspace, {
    current: current.path,
    abovePath: 'cannot go above the root workspace',
  });
  if (!isWorkspacePath(path)) throw new Failure(`invalid workspace path: ${options.workspace}`);
  return path;
}

/** The context in use; every command that changes the kubeconfig begins at it. */
export function contextOf(session: Session): ContextChoice {
  return chooseContext(session.kubeconfig, session.options);
}

function serverOf(kubeconfig: Kubeconfig, options: ConnectionOptions): string {
  if (options.server !== undefined) return options.server;
  const name = options.cluster ?? chooseContext(kubeconfig, options).cluster;
  const entry = kubeconfig.entry('clusters', name);
  if (entry === undefined) throw new Failure(`cluster ${JSON.stringify(name)} not found in kubeconfig`);
  const { server } = entry.fields;
  if (typeof server === 'string' && server !== '') return server;
  throw new Failure(`cluster ${JSON.stringify(name)} of the kubeconfig has no server`);
}

async function connect(
  {
    kubeconfig,
    options,
    base,
  }: { readonly kubeconfig: Kubeconfig; readonly options: ConnectionOptions; readonly base: string },
  terminal: Terminal,
): Promise<ApiClient> {
  const connection = await resolveConnection(kubeconfig, options, terminal);
  const prefix = new URL(base).pathname.replace(/\/+$/, '');
  return ApiClient.create(connection, { prefix, terminal });
}
