import {
  type ApiBinding,
  type ApisVersion,
  answerTo,
  apisVersion,
  bindingsPath,
  groupResourceText,
  type PermissionClaim,
} from './claims.ts';
import { ApiFailure } from './client/api-failure.ts';
import type { ApiClient } from './client/client.ts';
import { workspaceFlag } from './client/connection-flags.ts';
import { type Command, type Flag, type Invocation, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure, reasonOf } from './failure.ts';
import { outputFlag, printAs } from './output.ts';
import { openSession, workspaceOf } from './session.ts';
import type { Terminal } from './terminal.ts';
import { timeoutMsOf } from './timeout-flag.ts';
import { waitFor } from './wait.ts';
import { clusterPath, isWorkspacePath, splitPath } from './workspace-path.ts';

const claimFlag = (does: string): Flag => ({
  type: 'list',
  placeholder: 'RESOURCE.GROUP',
  description: `${does} the claim on a resource, such as secrets.core; repeatable`,
});

export const bindCommand: Command = {
  name: 'apiexport',
  summary: 'Bind the APIs of an APIExport into the current workspace',
  usage: 'PATH:EXPORT [flags]',
  details: [
    'Makes an APIBinding and waits until the APIs can be used. An accepted claim lets the provider of the APIs do in\n' +
      'this workspace what the claim says, no more: its own verbs and identity are taken over.',
  ],
  flags: {
    name: {
      type: 'string',
      placeholder: 'NAME',
      description: 'The name of the APIBinding; the name of the export unless given',
    },
    timeout: { type: 'string', placeholder: 'DURATION', default: '30s', description: 'How long to wait' },
    'accept-permission-claim': claimFlag('Accept'),
    'reject-permission-claim': claimFlag('Reject'),
    'accept-all-permission-claims': { type: 'boolean', description: 'Accept whatever the export claims' },
    'reject-all-permission-claims': { type: 'boolean', description: 'Reject whatever the export claims' },
    output: outputFlag,
    workspace: workspaceFlag,
  },
  positionals: [{ placeholder: 'PATH:EXPORT', completes: 'export' }],
  connects: true,
  examples: [
    {
      does: 'Bind the export stable of the workspace root:cert-manager',
      line: 'kubectl bind apiexport root:cert-manager:stable',
    },
    {
      does: 'Let its provider see the Secrets of this workspace',
      line: 'kubectl bind apiexport root:cert-manager:stable --accept-permission-claim secrets.core',
    },
  ],
  run: bind,
};

async function bind(invocation: Invocation, terminal: Terminal): Promise<number> {
  const wanted = wantedOf(invocation);
  const session = await openSession(invocation, terminal);
  const workspace = workspaceOf(session);
  const client = await session.client();
  const version = await apisVersion(client, workspace);
  const claims = await claimsOfExport(client, wanted, version);
  const answers = claims === undefined ? [] : answersFor(claims, wanted, version);
  const say =
    invocation.flags['output'] === undefined ? (text: string) => terminal.out(text) : () => undefined;
  const created = await create(client, { workspace, version, wanted, answers });
  const name = created.metadata.name;
  say(`apibinding ${name} created. Waiting to successfully bind ...\n`);
  const place = `${bindingsPath(workspace, version)}/${encodeURIComponent(name)}`;
  let bound = await untilBound(client, { place, created, timeoutMs: wanted.timeoutMs });
  // Who may bind an export need not be allowed to read it; a bound binding tells what it claims, though.
  if (claims === undefined) bound = await answerLater(client, { place, bound, wanted, version });
  say(`${name} created and bound.\n`);
  await printAs(invocation.flags['output'], bound, terminal);
  return exitCode.done;
}

interface Wanted {
  readonly path: string;
  readonly exportName: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly accepted: readonly PermissionClaim[];
  readonly rejected: readonly PermissionClaim[];
  readonly all: 'Accepted' | 'Rejected' | undefined;
}

function wantedOf(invocation: Invocation): Wanted {
  const reference = invocation.positionals[0];
  if (reference === undefined) {
    throw new UsageError('`root:ws:apiexport_object` reference to bind is required as an argument');
  }
  const { flags, lists } = invocation;
  const [acceptsAll, rejectsAll] = [
    flags['accept-all-permission-claims'] === true,
    flags['reject-all-permission-claims'] === true,
  ];
  const [accepted, rejected] = [lists['accept-permission-claim'], lists['reject-permission-claim']];
  const exclusive: readonly (readonly [boolean, string])[] = [
    [
      acceptsAll && rejectsAll,
      'cannot use both --accept-all-permission-claims and --reject-all-permission-claims',
    ],
    [
      acceptsAll && accepted !== undefined,
      'cannot use --accept-all-permission-claims with --accept-permission-claim',
    ],
    [
      acceptsAll && rejected !== undefined,
      'cannot use --accept-all-permission-claims together with --reject-permission-claim',
    ],
    [
      rejectsAll && rejected !== undefined,
      'cannot use --reject-all-permission-claims with --reject-permission-claim',
    ],
    [
      rejectsAll && accepted !== undefined,
      'cannot use --reject-all-permission-claims together with --accept-permission-claim',
    ],
  ];
  const wrong = exclusive.find(([isGiven]) => isGiven);
  if (wrong !== undefined) throw new UsageError(wrong[1]);
  const { parent, name: exportName } = splitPath(reference.replace(/^:/, '').replaceAll('/', ':'));
  if (parent === undefined || !(isWorkspacePath(parent) || parent.startsWith('user:')) || exportName === '') {
    throw new UsageError(
      'fully qualified reference to workspace where APIExport exists is required. The format is `<logical-cluster-name>:<apiexport>` or `<full>:<path>:<to>:<apiexport>`',
    );
  }
  const name = flags['name'];
  const wanted = {
    path: parent,
    exportName,
    name: typeof name === 'string' && name !== '' ? name : exportName,
    timeoutMs: timeoutMsOf(flags['timeout']),
    accepted: parsedClaims(accepted, 'accepted'),
    rejected: parsedClaims(rejected, 'rejected'),
    all: acceptsAll ? ('Accepted' as const) : rejectsAll ? ('Rejected' as const) : undefined,
  };
  const both = wanted.accepted.find((claim) => wanted.rejected.some((other) => isSameResource(claim, other)));
  if (both === undefined) return wanted;
  const text = groupResourceText(both);
  throw new UsageError(`accepted permission claim ${text} conflicts with rejected permission claim ${text}`);
}

function parsedClaims(texts: readonly string[] = [], state: string): readonly PermissionClaim[] {
  return texts.map((text) => {
    const [, resource, group] = /^([^.]+)\.(.+)$/.exec(text) ?? [];
    if (resource === undefined || group === undefined) {
      throw new UsageError(
        `invalid ${state} permission claims: [invalid permission claim ${JSON.stringify(text)}]`,
      );
    }
    return { resource, group: group === 'core' ? '' : group };
  });
}

function isSameResource(one: PermissionClaim, other: PermissionClaim): boolean {
  return one.resource === other.resource && (one.group ?? '') === (other.group ?? '');
}

function isAsking(wanted: Wanted): boolean {
  return wanted.all !== undefined || wanted.accepted.length > 0 || wanted.rejected.length > 0;
}

/** What the export claims; undefined if that matters and the asker may not read it. */
async function claimsOfExport(
  client: ApiClient,
  wanted: Wanted,
  version: ApisVersion,
): Promise<readonly PermissionClaim[] | undefined> {
  if (!isAsking(wanted)) return [];
  const path = `${clusterPath(wanted.path)}/apis/apis.kcp.io/${version}/apiexports/${encodeURIComponent(wanted.exportName)}`;
  try {
    const found = await client.send<{
      readonly spec?: { readonly permissionClaims?: readonly PermissionClaim[] };
    }>(path);
    return found.spec?.permissionClaims ?? [];
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    if (error.isForbidden) return undefined;
    throw new Failure(`failed to get APIExport ${JSON.stringify(wanted.exportName)}: ${error.message}`, {
      exitCode: error.exitCode,
      cause: error,
    });
  }
}

function answersFor(
  claims: readonly PermissionClaim[],
  wanted: Wanted,
  version: ApisVersion,
): readonly PermissionClaim[] {
  const { all } = wanted;
  if (all !== undefined) return claims.map((claim) => answerTo(claim, all, version));
  const answer = (named: PermissionClaim, state: 'Accepted' | 'Rejected'): readonly PermissionClaim[] => {
    const asked = claims.filter((claim) => isSameResource(claim, named));
    if (asked.length > 0) return asked.map((claim) => answerTo(claim, state, version));
    throw new Failure(
      `APIExport ${wanted.path}:${wanted.exportName} does not claim ${groupResourceText(named)}`,
      {
        exitCode: exitCode.notFound,
        hint:
          claims.length === 0
            ? 'It claims nothing.'
            : `It claims ${claims.map(groupResourceText).join(', ')}.`,
      },
    );
  };
  return [
    ...wanted.accepted.flatMap((claim) => answer(claim, 'Accepted')),
    ...wanted.rejected.flatMap((claim) => answer(claim, 'Rejected')),
  ];
}

async function create(
  client: ApiClient,
  binding: {
    readonly workspace: string;
    readonly version: ApisVersion;
    readonly wanted: Wanted;
    readonly answers: readonly PermissionClaim[];
  },
): Promise<ApiBinding> {
  const { workspace, version, wanted, answers } = binding;
  try {
    return await client.send<ApiBinding>(bindingsPath(workspace, version), {
      method: 'POST',
      body: {
        apiVersion: `apis.kcp.io/${version}`,
        kind: 'APIBinding',
        metadata: { name: wanted.name },
        spec: {
          reference: { export: { path: wanted.path, name: wanted.exportName } },
          ...(answers.length === 0 ? {} : { permissionClaims: answers }),
        },
      },
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`failed to create APIBinding: ${error.message}`, {
      exitCode: error.exitCode,
      hint: error.hint,
      cause: error,
    });
  }
}

async function untilBound(
  client: ApiClient,
  {
    place,
    created,
    timeoutMs,
  }: { readonly place: string; readonly created: ApiBinding; readonly timeoutMs: number },
): Promise<ApiBinding> {
  let last = created;
  try {
    const bound = await waitFor(timeoutMs, async () => {
      if (last.status?.phase !== 'Bound') last = await client.send<ApiBinding>(place);
      return last.status?.phase === 'Bound' ? last : undefined;
    });
    if (bound !== undefined) return bound;
  } catch (error) {
    throw new Failure(`could not bind ${created.metadata.name}: ${reasonOf(error)}`, { cause: error });
  }
  const reasons = (last.status?.conditions ?? [])
    .filter(
      ({ status, type, message }) =>
        status === 'False' && type !== 'Ready' && message !== undefined && message !== '',
    )
    .map(({ type, message }) => `${type}: ${message}`);
  throw new Failure(
    `could not bind ${created.metadata.name}: ${reasons.join('; ') || 'timed out waiting for the condition'}`,
    {
      hint: `It is tried further; see kubectl get apibinding ${created.metadata.name} -o yaml`,
    },
  );
}

/** As often as somebody else may change the binding between reading and writing it. */
const ATTEMPTS_MAX = 10;

async function answerLater(
  client: ApiClient,
  binding: {
    readonly place: string;
    readonly bound: ApiBinding;
    readonly wanted: Wanted;
    readonly version: ApisVersion;
  },
): Promise<ApiBinding> {
  const { place, wanted, version } = binding;
  let { bound } = binding;
  for (let attempt = 1; ; attempt++) {
    const permissionClaims = answersFor(bound.status?.exportPermissionClaims ?? [], wanted, version);
    try {
      return await client.send<ApiBinding>(place, {
        method: 'PUT',
        body: { ...bound, spec: { ...bound.spec, permissionClaims } },
      });
    } catch (error) {
      if (!(error instanceof ApiFailure && error.isConflict) || attempt === ATTEMPTS_MAX) throw error;
      bound = await client.send<ApiBinding>(place);
    }
  }
}
