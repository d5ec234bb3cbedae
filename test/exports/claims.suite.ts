import type { KubeObject } from '../http/client.ts';
import type { SchemaSource } from './suite.ts';

export interface Claim {
  readonly group?: string;
  readonly resource: string;
  readonly verbs?: readonly string[];
  readonly identityHash?: string;
  readonly defaultSelector?: object;
}

export const CONFIG_MAPS: Claim = { resource: 'configmaps', verbs: ['*'] };
export const ALL = { matchAll: true };
export const GADGETS: SchemaSource = { group: 'gadgets.example.com', plural: 'gadgets', kind: 'Gadget' };

export function accepted(claim: Claim, selector: object = ALL): object {
  const { defaultSelector: _, ...rest } = claim;
  return { verbs: ['*'], ...rest, selector, state: 'Accepted' };
}

export interface Pair {
  readonly provider: string;
  readonly consumer: string;
}

/** The accepted claims that are asked for, and those that are in force. */
export function claimsOf(binding: KubeObject): { readonly observed: string; readonly wanted: string } {
  const texts = (claims: readonly (Claim & { selector?: object })[]): string =>
    JSON.stringify(claims.map(({ group, resource, selector }) => [group ?? '', resource, selector]).sort());
  const { permissionClaims = [] } = binding['spec'] as { permissionClaims?: (Claim & { state: string })[] };
  const status = (binding['status'] ?? {}) as {
    appliedPermissionClaims?: Claim[];
    exportPermissionClaims?: Claim[];
  };
  const isAsked = (claim: Claim): boolean =>
    (status.exportPermissionClaims ?? []).some(
      (other) => other.resource === claim.resource && (other.group ?? '') === (claim.group ?? ''),
    );
  const wanted = permissionClaims.filter((claim) => claim.state === 'Accepted' && isAsked(claim));
  return { observed: texts(status.appliedPermissionClaims ?? []), wanted: texts(wanted) };
}
