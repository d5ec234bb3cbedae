import type { LogicalCluster, Revision } from '../../base/mod.ts';
import type { RbacRequest } from '../rbac/mod.ts';

/** The RBAC of a logical cluster as it was when a decision was made. */
export interface RbacAt {
  readonly cluster: LogicalCluster;
  readonly revision: Revision;
}

export interface Decision {
  /** `deny` ends the search, `no-opinion` leaves it to the next authorizer; in the end both refuse. */
  readonly verdict: 'allow' | 'deny' | 'no-opinion';
  /** For people, and for the answer of an access review; may be empty. */
  readonly reason: string;
  /** What a write that relies on this names in its preconditions. */
  readonly reliesOn: readonly RbacAt[];
  /**
   * The user may not even enter the logical cluster. The reason is for the audit then, never for the answer: it
   * would tell whether the cluster exists.
   */
  readonly isOutside: boolean;
}

/** What an authorizer is asked. */
export type AccessRequest = RbacRequest & {
  /** A review that leaves out whether the user may enter the workspace at all: only the control plane asks so. */
  readonly isDeepReview?: boolean;
};

/**
 * Answers whether a request may pass. Authorizers are functions without state of a request, so that nothing of
 * one request can show up in another.
 */
export type Authorizer = (request: AccessRequest) => Promise<Decision>;

export function decision(
  verdict: Decision['verdict'],
  reason: string,
  reliesOn: readonly RbacAt[] = [],
): Decision {
  return { verdict, reason, reliesOn, isOutside: false };
}

/** A refusal at the door. */
export function outside(verdict: 'deny' | 'no-opinion', reason: string): Decision {
  return { ...decision(verdict, reason), isOutside: true };
}

/** The first of several that allows or denies; without one, no opinion for all their reasons. */
export function union(...authorizers: readonly Authorizer[]): Authorizer {
  return async (request) => {
    const silent: Decision[] = [];
    for (const authorize of authorizers) {
      const answer = await authorize(request);
      if (answer.verdict !== 'no-opinion') return withGround(answer, silent);
      silent.push(answer);
    }
    return together('no-opinion', silent);
  };
}

/** One decision for several, with all their reasons, a line each. */
export function together(verdict: Decision['verdict'], parts: readonly Decision[]): Decision {
  const reasons = [...new Set(parts.map(({ reason }) => reason).filter((reason) => reason !== ''))];
  const isOutside = parts.some((part) => part.isOutside) && parts.every(isOutsideOrSilent);
  return withGround({ ...decision(verdict, reasons.join('\n')), isOutside }, parts);
}

function isOutsideOrSilent(part: Decision): boolean {
  return (
    part.isOutside || (part.verdict === 'no-opinion' && part.reason === '' && part.reliesOn.length === 0)
  );
}

// What was asked first is relied on as well: had it denied, nobody would have been asked after it.
function withGround(answer: Decision, earlier: readonly Decision[]): Decision {
  const reliesOn = [...earlier.flatMap((one) => one.reliesOn), ...answer.reliesOn];
  const distinct = new Map(reliesOn.map((at) => [`${at.cluster}@${at.revision}`, at]));
  return { ...answer, reliesOn: [...distinct.values()] };
}
