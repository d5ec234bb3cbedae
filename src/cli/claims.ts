import { ApiFailure } from './client/api-failure.ts';
import type { ApiClient } from './client/client.ts';
import { Failure, reasonOf } from './failure.ts';
import { clusterPath } from './workspace-path.ts';
import { listPages } from './workspaces.ts';

/** A claim as an export makes it and as a binding answers it, in the form of either version. */
export interface PermissionClaim {
  readonly group?: string;
  readonly resource: string;
  readonly identityHash?: string;
  readonly verbs?: readonly string[];
  readonly defaultSelector?: unknown;
  readonly all?: boolean;
  readonly resourceSelector?: unknown;
  readonly selector?: unknown;
  readonly state?: string;
}

/** What the commands read of an APIBinding. */
export interface ApiBinding {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly spec?: {
    readonly permissionClaims?: readonly PermissionClaim[];
    readonly [field: string]: unknown;
  };
  readonly status?: {
    readonly phase?: string;
    readonly exportPermissionClaims?: readonly PermissionClaim[];
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly message?: string;
    }[];
    readonly [field: string]: unknown;
  };
}

export type ApisVersion = 'v1alpha1' | 'v1alpha2';

/** The version of `apis.kcp.io` to speak: the one that the server prefers, as kcp's own plugins do. */
export async function apisVersion(client: ApiClient, workspace: string): Promise<ApisVersion> {
  try {
    const group = await client.send<{ readonly preferredVersion?: { readonly version?: string } }>(
      `${clusterPath(workspace)}/apis/apis.kcp.io`,
    );
    const version = group.preferredVersion?.version;
    if (version === 'v1alpha2' || version === 'v1alpha1') return version;
    throw new Failure(`${version ?? 'no version of apis.kcp.io'} is not supported by this plugin`);
  } catch (error) {
    if (error instanceof ApiFailure && !error.isForbidden) {
      throw new Failure(`service discovery failed: ${reasonOf(error)}`, { cause: error });
    }
    throw error;
  }
}

export function bindingsPath(workspace: string, version: ApisVersion): string {
  return `${clusterPath(workspace)}/apis/apis.kcp.io/${version}/apibindings`;
}

export function listBindings(
  client: ApiClient,
  workspace: string,
  version: ApisVersion,
): Promise<readonly ApiBinding[]> {
  return listPages<ApiBinding>(client, bindingsPath(workspace, version));
}

/** `configmaps`, or `certificates.cert-manager.io:<identity hash>`. */
export function claimText(claim: PermissionClaim): string {
  const identity =
    claim.identityHash === undefined || claim.identityHash === '' ? '' : `:${claim.identityHash}`;
  return `${groupResourceText(claim)}${identity}`;
}

export function groupResourceText({ group, resource }: PermissionClaim): string {
  return group === undefined || group === '' ? resource : `${resource}.${group}`;
}

/** Whether two claims are about the same objects. */
export function isSameClaim(one: PermissionClaim, other: PermissionClaim): boolean {
  return claimText(one) === claimText(other);
}

/**
 * A binding's answer to an export's claim. It carries the verbs and the identity of the claim itself: what a
 * provider may do is what both sides name, so that an answer of other verbs would grant nothing.
 */
export function answerTo(
  claim: PermissionClaim,
  state: 'Accepted' | 'Rejected',
  version: ApisVersion,
): PermissionClaim {
  const { group = '', resource, identityHash, verbs } = claim;
  const common = {
    group,
    resource,
    ...(identityHash === undefined || identityHash === '' ? {} : { identityHash }),
    state,
  };
  if (version === 'v1alpha1') {
    const { resourceSelector } = claim;
    return { ...common, ...(resourceSelector === undefined ? { all: true } : { resourceSelector }) };
  }
  return { ...common, verbs: verbs ?? ['*'], selector: claim.defaultSelector ?? { matchAll: true } };
}

/** The warnings about claims that a binding has not answered, or has answered otherwise than they were asked. */
export function claimWarnings(binding: ApiBinding): readonly string[] {
  const name = binding.metadata.name;
  return (binding.status?.exportPermissionClaims ?? []).flatMap((asked) => {
    const answer = binding.spec?.permissionClaims?.find((claim) => isSameClaim(asked, claim));
    const claim = claimText(asked);
    if (answer === undefined) {
      return [
        `Warning: claim for ${claim} exported but not specified on APIBinding ${name}\nAdd this claim to the APIBinding's Spec.`,
      ];
    }
    if (answer.state !== 'Accepted' && answer.state !== 'Rejected') {
      return [`Warning: claim for ${claim} specified on APIBinding ${name} but not accepted or rejected.`];
    }
    const [expected, allowed] = [verbsText(asked), verbsText(answer)];
    if (expected === allowed) return [];
    return [
      `Warning: allowed verbs (${allowed}) on claim for ${claim} on APIBinding ${name} do not match expected verbs (${expected}).`,
    ];
  });
}

function verbsText({ verbs = [] }: PermissionClaim): string {
  return [...new Set(verbs)].sort().join(',');
}

/** Tells somebody who enters a workspace about claims that wait for an answer. Never fails. */
export async function warnAboutClaims(
  client: ApiClient,
  workspace: string,
  write: (text: string) => void,
): Promise<void> {
  try {
    const bindings = await listBindings(client, workspace, 'v1alpha2');
    for (const warning of bindings.flatMap(claimWarnings)) write(`${warning}\n`);
  } catch (error) {
    // Who may not see bindings is told nothing about them.
    if (error instanceof ApiFailure && error.isForbidden) return;
    write(`error checking APIBindings: ${reasonOf(error)}\n`);
  }
}
