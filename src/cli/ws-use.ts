import { warnAboutClaims } from './claims.ts';
import { ApiFailure } from './client/api-failure.ts';
import type { ApiClient } from './client/client.ts';
import type { Command, Invocation } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { enterServer, swapContexts } from './kubeconfig/workspace-contexts.ts';
import { nearestMatch } from './nearest-match.ts';
import { outputFlag } from './output.ts';
import { contextOf, openSession, type Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import {
  isWorkspacePath,
  parseWorkspaceUrl,
  resolveWorkspace,
  splitPath,
  topOf,
  workspaceUrl,
} from './workspace-path.ts';
import {
  getWorkspace,
  homePath,
  listWorkspaces,
  mayEnter,
  type WorkspaceTypeReference,
} from './workspaces.ts';
import { printCurrent } from './ws-texts.ts';

const shortFlag = {
  type: 'boolean',
  description: 'Print only the path of the workspace, for a shell prompt for example',
} as const;

/** `kubectl ws use`, which is also what `kubectl ws` does when its argument names no other command. */
export const useCommand: Command = {
  name: 'use',
  summary: 'Go to another workspace',
  usage: 'WORKSPACE|:root:PATH|..|.|-|~ [flags]',
  details: [
    'Makes a workspace the current one, by way of the context workspace.kcp.io/current of the kubeconfig; contexts\n' +
      'of other names are never changed. Paths are relative like those of cd unless they begin with a colon, and may be\n' +
      'written with slashes: a:b, a/b, .., ../c, :root:a. A single colon is the topmost workspace, - the previous one,\n' +
      '~ the home of whoever asks, and . the current one.',
  ],
  flags: {
    short: shortFlag,
    output: outputFlag,
  },
  positionals: [{ placeholder: 'WORKSPACE', completes: 'workspace' }],
  connects: true,
  examples: [
    { does: 'Go to a child, and back', line: 'kubectl ws use team' },
    { does: 'Go to a workspace by its full path', line: 'kubectl ws use :root:org:team' },
    { does: 'Go to the workspace above', line: 'kubectl ws use ..' },
  ],
  async run(invocation, terminal) {
    const name = invocation.positionals[0];
    if (name === undefined)
      throw new UsageError(`${invocation.title} needs a workspace; see ${invocation.title} --help`);
    return useWorkspace(name, invocation, terminal);
  },
};

/** `kubectl ws [WORKSPACE]`. */
export const wsCommand: Command = {
  ...useCommand,
  name: 'ws',
  summary: 'Show and change the current workspace',
  usage: '[WORKSPACE|:root:PATH|..|.|-|~] [flags]',
  flags: {
    interactive: {
      type: 'boolean',
      short: 'i',
      description: 'Choose from the tree of workspaces, on the full screen',
    },
    ...useCommand.flags,
  },
  examples: [
    { does: 'Which workspace is this?', line: 'kubectl ws .' },
    { does: 'Go to a child of it', line: 'kubectl ws team' },
    { does: 'Go to a workspace by its full path', line: 'kubectl ws :root:org:team' },
    { does: 'Go back', line: 'kubectl ws -' },
    { does: 'Go home', line: 'kubectl ws' },
    { does: 'Show the path in a shell prompt', line: "PS1='[$(kubectl ws . --short)] \\$ '" },
  ],
  async run(invocation, terminal) {
    const name = invocation.positionals[0];
    if (invocation.flags['interactive'] === true) {
      if (name !== undefined) throw new UsageError('interactive mode does not accept arguments');
      const { browse } = await import('./ws-browse.ts');
      return browse(invocation, terminal);
    }
    return useWorkspace(name ?? '', invocation, terminal);
  },
};

const ROOT_NOTE =
  "Note: Using 'root:' to define an absolute path is no longer supported. Instead, use ':root' to specify an absolute path.\n";
const HOME_NOTE =
  "Note: 'kubectl ws' now matches 'cd' semantics: go to home workspace. 'kubectl ws -' to go back. 'kubectl ws .' to print current workspace.\n";

/** Goes to the workspace that `name` means, and says so. */
export async function useWorkspace(
  typed: string,
  invocation: Invocation,
  terminal: Terminal,
): Promise<number> {
  const isShort = invocation.flags['short'] === true;
  const session = await openSession(invocation, terminal);
  contextOf(session);
  let name = foldedHome(typed, terminal).replaceAll('/', ':');
  if (name === 'root' || name.startsWith('root:')) {
    name = `:${name}`;
    if (!isShort) terminal.err(ROOT_NOTE);
  }
  switch (name) {
    case '.':
      await printCurrent({ server: session.server }, invocation, terminal);
      return exitCode.done;
    case '-':
      return goBack(session, invocation, terminal);
    case ':':
      await enter(
        session,
        { path: topOf(currentOf(session)), client: await session.client() },
        invocation,
        terminal,
      );
      return exitCode.done;
  }
  await goTo(name === '' ? '~' : name, typed, session, invocation, terminal);
  if (name === '' && !isShort) terminal.err(HOME_NOTE);
  return exitCode.done;
}

async function goTo(
  name: string,
  typed: string,
  session: Session,
  invocation: Invocation,
  terminal: Terminal,
): Promise<void> {
  const current = currentOf(session);
  const client = await session.client();
  const isHome = name === '~' || name.startsWith('~:');
  // A home is where the server says it is: user names follow other rules than workspaces.
  const home = isHome ? await homePath(client) : undefined;
  const path = resolveWorkspace(home === undefined ? name : `:${home}${name.slice(1)}`, {
    current,
    abovePath: 'cannot go up from root',
  });
  if (path !== home && path !== current && !isReachable(path, home ?? current)) {
    throw new Failure(`invalid workspace path: ${typed}`);
  }
  const type = await checkAccess(client, path);
  await enter(session, { path, client, type }, invocation, terminal);
}

/** The form is checked of what was typed: a path of the server's own, such as of a home, may begin otherwise. */
function isReachable(path: string, from: string): boolean {
  if (isWorkspacePath(path)) return true;
  if (from.startsWith(`${path}:`)) return true;
  return path.startsWith(`${from}:`) && isWorkspacePath(path.slice(from.length + 1));
}

/** The rule of kcp's plugins: 404 from the parent means that it does not exist, but only to those who may not enter. */
async function checkAccess(client: ApiClient, path: string): Promise<WorkspaceTypeReference | undefined> {
  const { parent, name } = splitPath(path);
  const [mayBeEntered, found] = await Promise.all([
    mayEnter(client, path),
    parent === undefined ? undefined : lookUp(client, parent, name),
  ]);
  if (mayBeEntered) return path === 'root' ? { name: 'root' } : found === 'absent' ? undefined : found?.type;
  if (found !== 'absent') {
    throw new Failure(`access to workspace ${JSON.stringify(path)} denied`, { exitCode: exitCode.forbidden });
  }
  throw new Failure(`workspace ${JSON.stringify(path)} not found`, {
    exitCode: exitCode.notFound,
    hint: await suggestion(client, parent ?? '', name),
  });
}

async function lookUp(
  client: ApiClient,
  parent: string,
  name: string,
): Promise<{ readonly type: WorkspaceTypeReference | undefined } | 'absent' | undefined> {
  try {
    return { type: (await getWorkspace(client, parent, name)).spec?.type };
  } catch (error) {
    if (error instanceof ApiFailure) return error.isNotFound ? 'absent' : undefined;
    throw error;
  }
}

/** As many siblings as are worth a look for what somebody may have meant. */
const SIBLINGS_MAX = 1000;

async function suggestion(client: ApiClient, parent: string, name: string): Promise<string | undefined> {
  try {
    const siblings = await listWorkspaces(client, parent, SIBLINGS_MAX);
    const nearest = nearestMatch(
      name,
      siblings.map(({ metadata }) => metadata.name),
    );
    return nearest === undefined ? undefined : `Did you mean ${JSON.stringify(nearest)}?`;
  } catch {
    // The answer is known already; this would have been help.
    return undefined;
  }
}

async function enter(
  session: Session,
  target: {
    readonly path: string;
    readonly client: ApiClient;
    readonly type?: WorkspaceTypeReference | undefined;
  },
  invocation: Invocation,
  terminal: Terminal,
): Promise<void> {
  const server = workspaceUrl({ base: session.current?.base ?? session.server, path: target.path });
  await enterServer(session.places, { context: contextOf(session), server });
  await warnAboutClaims(target.client, target.path, (text) => terminal.err(text));
  await printCurrent({ server, type: target.type }, invocation, terminal);
}

async function goBack(session: Session, invocation: Invocation, terminal: Terminal): Promise<number> {
  await swapContexts(session.places, contextOf(session));
  // The context has changed, and with it perhaps server and user.
  const back = await openSession(invocation, terminal);
  if (back.current !== undefined) {
    await warnAboutClaims(await back.client(), back.current.path, (text) => terminal.err(text));
  }
  await printCurrent({ server: back.server }, invocation, terminal);
  return exitCode.done;
}

function currentOf(session: Session): string {
  const path = parseWorkspaceUrl(session.server)?.path;
  if (path !== undefined) return path;
  throw new Failure(`current URL ${JSON.stringify(session.server)} does not point to a workspace`);
}

// A shell has made its user's home directory of `~`.
function foldedHome(name: string, terminal: Terminal): string {
  const home = terminal.environment['HOME'] ?? terminal.environment['USERPROFILE'] ?? '';
  const isHome = home !== '' && home !== '/' && (name === home || name.startsWith(`${home}/`));
  return isHome ? `~${name.slice(home.length)}` : name;
}
