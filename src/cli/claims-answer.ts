import {
  type ApiBinding,
  type ApisVersion,
  answerTo,
  apisVersion,
  bindingsPath,
  isSameClaim,
  type PermissionClaim,
} from './claims.ts';
import { ApiFailure } from './client/api-failure.ts';
import type { ApiClient } from './client/client.ts';
import { workspaceFlag } from './client/connection-flags.ts';
import { type Command, type Invocation, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { outputFlag, printAs } from './output.ts';
import { openSession, workspaceOf } from './session.ts';
import type { Terminal } from './terminal.ts';

type State = 'Accepted' | 'Rejected';

export const acceptClaimsCommand = answerCommand('accept', 'Accepted');
export const rejectClaimsCommand = answerCommand('reject', 'Rejected');

function answerCommand(name: 'accept' | 'reject', state: State): Command {
  const verb = name === 'accept' ? 'Accept' : 'Reject';
  return {
    name,
    summary: `${verb} permission claims of an APIBinding`,
    usage: 'NAME [flags]',
    details: [
      'A claim that the export makes and the APIBinding does not answer yet is added to it. Without --resource and\n' +
        '--identity-hash all claims are meant.',
    ],
    flags: {
      resource: {
        type: 'string',
        placeholder: 'RESOURCE.GROUP',
        description: 'The claim on this resource, such as secrets',
      },
      'identity-hash': {
        type: 'string',
        placeholder: 'HASH',
        description: 'The claim on the API of this identity',
      },
      output: outputFlag,
      workspace: workspaceFlag,
    },
    positionals: [{ placeholder: 'NAME', completes: 'binding' }],
    connects: true,
    examples: [
      { does: 'One claim', line: `kubectl kcp claims ${name} cert-manager --resource=secrets` },
      {
        does: 'One on an API of another provider',
        line: `kubectl kcp claims ${name} cert-manager --resource=gateways.networking.istio.io`,
      },
      { does: 'All of them', line: `kubectl kcp claims ${name} cert-manager` },
    ],
    run: (invocation, terminal) => answer(state, invocation, terminal),
  };
}

/** As often as somebody else may change the binding between reading and writing it. */
const ATTEMPTS_MAX = 10;

async function answer(state: State, invocation: Invocation, terminal: Terminal): Promise<number> {
  const name = invocation.positionals[0];
  if (name === undefined) throw new UsageError('error APIBinding name is missing');
  const filter = filterOf(invocation);
  const session = await openSession(invocation, terminal);
  const workspace = workspaceOf(session);
  const client = await session.client();
  const version = await apisVersion(client, workspace);
  const place = `${bindingsPath(workspace, version)}/${encodeURIComponent(name)}`;
  const binding = await update(client, place, (read) => answered(read, { filter, state, version }));
  if (await printAs(invocation.flags['output'], binding, terminal)) return exitCode.done;
  terminal.out(`${filter.subject}on APIBinding ${JSON.stringify(name)} is ${state.toLowerCase()}\n`);
  return exitCode.done;
}

interface ClaimFilter {
  /** How the result begins: `claim "secrets" `. */
  readonly subject: string;
  matches(claim: PermissionClaim): boolean;
}

function filterOf({ flags }: Invocation): ClaimFilter {
  const { resource: named, 'identity-hash': hash } = flags;
  if (typeof hash === 'string' && hash !== '') {
    return {
      subject: `claim with identity hash ${JSON.stringify(hash)} `,
      matches: (claim) => claim.identityHash === hash && (typeof named !== 'string' || isOf(claim, named)),
    };
  }
  if (typeof named === 'string' && named !== '') {
    return { subject: `claim ${JSON.stringify(named)} `, matches: (claim) => isOf(claim, named) };
  }
  return { subject: '', matches: () => true };
}

function isOf(claim: PermissionClaim, text: string): boolean {
  const [, resource = text, group = ''] = /^([^.]+)\.(.+)$/.exec(text) ?? [];
  return claim.resource === resource && (claim.group ?? '') === (group === 'core' ? '' : group);
}

function answered(
  binding: ApiBinding,
  {
    filter,
    state,
    version,
  }: { readonly filter: ClaimFilter; readonly state: State; readonly version: ApisVersion },
): ApiBinding {
  const answers = binding.spec?.permissionClaims ?? [];
  const asked = binding.status?.exportPermissionClaims ?? [];
  const changed = answers.map((claim) => {
    if (!filter.matches(claim)) return claim;
    const current = asked.find((one) => isSameClaim(one, claim));
    // Verbs as they are asked now: other ones would grant nothing. The objects stay those that were chosen.
    const verbs = version === 'v1alpha2' && current?.verbs !== undefined ? { verbs: current.verbs } : {};
    return { ...claim, ...verbs, state };
  });
  const added = asked
    .filter((claim) => filter.matches(claim) && !answers.some((one) => isSameClaim(one, claim)))
    .map((claim) => answerTo(claim, state, version));
  const isNothing = added.length === 0 && !answers.some((claim) => filter.matches(claim));
  if (isNothing && filter.subject !== '') {
    throw new Failure(`there is no ${filter.subject}on APIBinding ${JSON.stringify(binding.metadata.name)}`, {
      exitCode: exitCode.notFound,
      hint: `See kubectl kcp claims get apibinding ${binding.metadata.name}`,
    });
  }
  return { ...binding, spec: { ...binding.spec, permissionClaims: [...changed, ...added] } };
}

async function update(
  client: ApiClient,
  place: string,
  change: (binding: ApiBinding) => ApiBinding,
): Promise<ApiBinding> {
  for (let attempt = 1; ; attempt++) {
    const binding = await client.send<ApiBinding>(place);
    try {
      return await client.send<ApiBinding>(place, { method: 'PUT', body: change(binding) });
    } catch (error) {
      if (!(error instanceof ApiFailure && error.isConflict) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}
