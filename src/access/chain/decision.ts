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

/** At once when everything is known already, which it nearly always is. */
export type Eventual<Value> = Value | Promise<Value>;

/**
 * Answers whether a request may pass. Authorizers are functions without state of a request, so that nothing of
 * one request can show up in another.
 */
export type Authorizer = (request: AccessRequest) => Eventual<Decision>;

/** What follows from a decision, at once when that is there. */
export function after<Result>(
  answer: Eventual<Decision>,
  next: (answer: Decision) => Eventual<Result>,
): Eventual<Result> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}

const NOTHING: readonly RbacAt[] = [];
const SILENCE: Decision = { verdict: 'no-opinion', reason: '', reliesOn: NOTHING, isOutside: false };

export function decision(
  verdict: Decision['verdict'],
  reason: string,
  reliesOn: readonly RbacAt[] = NOTHING,
): Decision {
  if (verdict === 'no-opinion' && reason === '' && reliesOn === NOTHING) return SILENCE;
  return { verdict, reason, reliesOn, isOutside: false };
}

/** A refusal at the door. */
export function outside(verdict: 'deny' | 'no-opinion', reason: string): Decision {
  return { verdict, reason, reliesOn: NOTHING, isOutside: true };
}

/** The first of several that allows or denies; without one, no opinion for all their reasons. */
export function union(...authorizers: readonly Authorizer[]): Authorizer {
  const askFrom = (
    request: AccessRequest,
    start: number,
    silent: readonly Decision[],
  ): Eventual<Decision> => {
    let earlier = silent;
    for (let index = start; index < authorizers.length; index++) {
      const answer = authorizers[index]!(request);
      if (answer instanceof Promise) {
        return answer.then((late) =>
          late.verdict === 'no-opinion'
            ? askFrom(request, index + 1, [...earlier, late])
            : withGround(late, earlier),
        );
      }
      if (answer.verdict !== 'no-opinion') return withGround(answer, earlier);
      if (answer !== SILENCE) earlier = [...earlier, answer];
    }
    return together('no-opinion', earlier);
  };
  return (request) => askFrom(request, 0, []);
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

/**
 * A decision that relies on what others relied on as well: what was asked first counts, since had it denied, nobody
 * would have been asked after it.
 */
export function withGround(answer: Decision, earlier: readonly Decision[]): Decision {
  let reliesOn = answer.reliesOn;
  for (const one of earlier) reliesOn = joined(one.reliesOn, reliesOn);
  return reliesOn === answer.reliesOn ? answer : { ...answer, reliesOn };
}

// There are two logical clusters in it at most, nearly always: no map is quicker than looking.
function joined(some: readonly RbacAt[], others: readonly RbacAt[]): readonly RbacAt[] {
  if (some.length === 0 || some === others) return others;
  const added = some.filter((at) => !others.some((other) => isSameGround(at, other)));
  return added.length === 0 ? others : [...added, ...others];
}

function isSameGround(a: RbacAt, b: RbacAt): boolean {
  return a.cluster === b.cluster && a.revision === b.revision;
}
