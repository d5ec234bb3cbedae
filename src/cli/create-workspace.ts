import { ApiFailure } from './client/api-failure.ts';
import type { ApiClient } from './client/client.ts';
import { workspaceFlag } from './client/connection-flags.ts';
import { type Command, type Invocation, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure, reasonOf } from './failure.ts';
import { createContext } from './kubeconfig/workspace-contexts.ts';
import { type LabelSelector, parseLabelSelector } from './label-selector.ts';
import { outputFlag, printAs } from './output.ts';
import { contextOf, openSession, type Session, workspaceOf } from './session.ts';
import type { Terminal } from './terminal.ts';
import { timeoutMsOf } from './timeout-flag.ts';
import { waitFor } from './wait.ts';
import { workspaceUrl } from './workspace-path.ts';
import {
  getWorkspace,
  typeText,
  type Workspace,
  type WorkspaceTypeReference,
  workspacesPath,
} from './workspaces.ts';
import { contextText } from './ws-create-context.ts';
import { useWorkspace } from './ws-use.ts';

export const createWorkspaceCommand: Command = {
  name: 'create',
  summary: 'Make a workspace in the current one',
  usage: 'NAME [flags]',
  details: ['Returns when the workspace is ready, which most are at once.'],
  flags: {
    type: {
      type: 'string',
      placeholder: '[PATH:]NAME',
      description: 'The type of the workspace; which one is the default depends on its parent',
    },
    enter: { type: 'boolean', description: 'Go to the workspace when it is ready' },
    'ignore-existing': {
      type: 'boolean',
      description:
        'A workspace of that name is fine too; a type, if one is given, needs a path from the root',
    },
    'location-selector': {
      type: 'string',
      placeholder: 'SELECTOR',
      description: 'Labels of the shards that the workspace may be on',
    },
    'create-context': {
      type: 'string',
      placeholder: 'NAME',
      description: 'Make a kubeconfig context of this name for the workspace; with --enter, switch to it',
    },
    timeout: {
      type: 'string',
      placeholder: 'DURATION',
      default: '1m',
      description: 'How long to wait until the workspace is ready',
    },
    output: outputFlag,
    workspace: workspaceFlag,
  },
  positionals: [{ placeholder: 'NAME' }],
  connects: true,
  examples: [
    { does: 'In the current workspace', line: 'kubectl create workspace team' },
    { does: 'Of a type, and go there', line: 'kubectl create workspace team --type root:universal --enter' },
    {
      does: 'In another workspace, unless it is there already',
      line: 'kubectl create workspace a -w :root:org --ignore-existing',
    },
  ],
  run: createWorkspace,
};

async function createWorkspace(invocation: Invocation, terminal: Terminal): Promise<number> {
  const name = invocation.positionals[0];
  if (name === undefined)
    throw new UsageError(`${invocation.title} needs the name of the workspace: ${invocation.title} NAME`);
  const selector = locationSelector(invocation.flags['location-selector']);
  const ignoresExisting = invocation.flags['ignore-existing'] === true;
  const type = typeReference(invocation.flags['type']);
  if (ignoresExisting && type !== undefined && !/^root(:|$)/.test(type.path ?? '')) {
    throw new UsageError('--ignore-existing must not be used with non-absolute type path');
  }
  const timeoutMs = timeoutMsOf(invocation.flags['timeout']);
  const session = await openSession(invocation, terminal);
  const parent = workspaceOf(session);
  const client = await session.client();
  const say =
    invocation.flags['output'] === undefined ? (text: string) => terminal.out(text) : () => undefined;
  const made = await createOrGet(client, { parent, name, type, selector, ignoresExisting });
  const ready = await reportUntilReady(client, { ...made, parent, type, timeoutMs, say });
  await printAs(invocation.flags['output'], ready, terminal);
  return afterwards(ready, { session, parent, invocation, terminal, say });
}

function locationSelector(value: unknown): LabelSelector | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  try {
    return parseLabelSelector(value);
  } catch (error) {
    throw new UsageError(`invalid location selector: ${reasonOf(error)}`);
  }
}

function typeReference(value: unknown): WorkspaceTypeReference | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const index = value.lastIndexOf(':');
  const name = value.slice(index + 1).toLowerCase();
  return index < 0 ? { name } : { name, path: value.slice(0, index) };
}

interface Wanted {
  readonly parent: string;
  readonly name: string;
  readonly type: WorkspaceTypeReference | undefined;
  readonly selector: LabelSelector | undefined;
  readonly ignoresExisting: boolean;
}

interface Made {
  readonly workspace: Workspace;
  readonly existed: boolean;
}

async function createOrGet(client: ApiClient, wanted: Wanted): Promise<Made> {
  const { parent, name, type, selector } = wanted;
  try {
    const workspace = await client.send<Workspace>(workspacesPath(parent), {
      method: 'POST',
      body: {
        apiVersion: 'tenancy.kcp.io/v1alpha1',
        kind: 'Workspace',
        metadata: { name },
        spec: {
          ...(type === undefined ? {} : { type }),
          ...(selector === undefined ? {} : { location: { selector } }),
        },
      },
    });
    return { workspace, existed: false };
  } catch (error) {
    if (!(error instanceof ApiFailure && error.alreadyExists && wanted.ignoresExisting)) throw error;
    return { workspace: await getWorkspace(client, parent, name), existed: true };
  }
}

/** Says what there is, and what it becomes: one line for a workspace that is ready at once. */
async function reportUntilReady(
  client: ApiClient,
  made: Made & {
    readonly parent: string;
    readonly type: WorkspaceTypeReference | undefined;
    readonly timeoutMs: number;
    readonly say: (text: string) => void;
  },
): Promise<Workspace> {
  const { workspace, existed, parent, type, timeoutMs, say } = made;
  const name = workspace.metadata.name;
  const reference = `Workspace ${JSON.stringify(name)} (type ${typeText(workspace.spec?.type)})`;
  if (existed && type !== undefined && typeText(type) !== typeText(workspace.spec?.type)) {
    throw new Failure(
      `workspace ${JSON.stringify(name)} cannot be created with type ${typeText(type)}, it already exists with different type ${typeText(workspace.spec?.type)}`,
      { exitCode: exitCode.conflict },
    );
  }
  const done = existed ? 'already exists' : 'created';
  if (isReady(workspace)) {
    say(`${reference} ${done}.\n`);
    return workspace;
  }
  say(`${reference} ${done}. Waiting for it to be ready...\n`);
  const ready = await waitFor(timeoutMs, async () => {
    const now = await getWorkspace(client, parent, name);
    return isReady(now) ? now : undefined;
  });
  if (ready === undefined) throw new Failure(`${reference} ${done} but is not ready to use`);
  say(`${reference} is ready to use.\n`);
  return ready;
}

function isReady(workspace: Workspace): boolean {
  return workspace.status?.phase === 'Ready';
}

async function afterwards(
  workspace: Workspace,
  then: {
    readonly session: Session;
    readonly parent: string;
    readonly invocation: Invocation;
    readonly terminal: Terminal;
    readonly say: (text: string) => void;
  },
): Promise<number> {
  const { session, parent, invocation, terminal, say } = then;
  const enters = invocation.flags['enter'] === true;
  const name = invocation.flags['create-context'];
  const path = `${parent}:${workspace.metadata.name}`;
  if (typeof name === 'string' && name !== '') {
    const server = workspace.spec?.URL ?? workspaceUrl({ base: session.current?.base ?? '', path });
    const outcome = await createContext(session.places, {
      context: contextOf(session),
      name,
      server,
      overwrites: invocation.flags['ignore-existing'] === true,
      enters,
    });
    say(contextText({ outcome, name, isEntered: enters && session.kubeconfig.currentContext !== name }));
    return exitCode.done;
  }
  if (!enters) return exitCode.done;
  const { output: _, ...flags } = invocation.flags;
  const quiet = { ...terminal, out: say };
  return useWorkspace(`:${path}`, { ...invocation, flags }, quiet);
}
