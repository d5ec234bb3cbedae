import { APIS_GROUP } from '../../access/mod.ts';
import { type Api, type KindHooks, logicalClusterKey } from '../../api/mod.ts';
import type { LogicalCluster } from '../../base/mod.ts';
import { claimsTheSame } from '../../definitions/mod.ts';
import {
  deepEqual,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectsAt,
  textAt,
} from '../../machinery/mod.ts';
import type { Row } from '../../store/mod.ts';
import {
  defaultBindingsDebt,
  defaultExports,
  isGoing,
  lineageOfRow,
  maintainedExports,
  type ReadRow,
  TypeProblem,
  waitsForBindings,
} from '../../workspaces/mod.ts';
import { API_BINDINGS, API_EXPORTS, readApisObject } from '../kcp-objects.ts';
import { acceptedClaims, defaultBindingName, openClaims } from './binding-for.ts';
import { type ExportReference, exportCluster, isLost } from './export-of-binding.ts';

/** A binding that a logical cluster is to have because of its type. */
export interface NamedBinding {
  readonly name: string;
  readonly reference: ExportReference;
  /** Its type asks for it also where the workspace is ready. */
  readonly isMaintained: boolean;
}

/** The same with what its export offers now. */
export interface WantedBinding extends NamedBinding {
  /** The claims that it is to accept; undefined as long as there is no such export. */
  readonly claims: readonly JsonObject[] | undefined;
  /** The claims that are for the consumer to answer. */
  readonly open: readonly JsonObject[];
  /** What its export is known by; empty as long as there is none. */
  readonly identity: string;
  /** The path of its export leads to somebody else than when the type was written: nothing is bound there. */
  readonly isLost: boolean;
}

/** A logical cluster, by its row, and how what it is to bind is read. */
interface Place {
  readonly cluster: LogicalCluster;
  readonly row: Row;
  readonly read: ReadRow;
}

/**
 * The bindings that a logical cluster has to have now: those of all its types as long as it waits for them, and then
 * those of types that maintain them. Throws `TypeProblem` when a type is not there.
 */
export function wantedBindings(api: Api, place: Place): readonly WantedBinding[] {
  return namedBindings(api, place).map((named) => withOffer(api, place, named));
}

/** The one of that name, if the logical cluster has to have it; undefined also where a type is not there. */
export function namedBinding(api: Api, place: Place, name: string): NamedBinding | undefined {
  try {
    return namedBindings(api, place).find((one) => one.name === name);
  } catch (error) {
    if (error instanceof TypeProblem) return undefined;
    throw error;
  }
}

function namedBindings(api: Api, { cluster, row, read }: Place): readonly NamedBinding[] {
  const lineage = lineageOfRow(api, row, read);
  if (lineage === undefined) return [];
  const maintained = maintainedExports(lineage);
  const references = waitsForBindings(row) ? defaultExports(lineage) : maintained;
  return references.map((reference) => ({
    name: defaultBindingName(cluster, reference),
    reference,
    isMaintained: maintained.some((other) => deepEqual({ ...other }, { ...reference })),
  }));
}

function withOffer(api: Api, { cluster, read }: Place, named: NamedBinding): WantedBinding {
  const { reference } = named;
  const provider = exportCluster(api, cluster, reference);
  const found =
    provider && readApisObject({ read }, { cluster: provider, resource: API_EXPORTS, name: reference.name });
  const offer =
    found === undefined
      ? NO_OFFER
      : {
          claims: acceptedClaims(found.object),
          open: openClaims(found.object),
          identity: textAt(objectAt(found.object, 'status'), 'identityHash'),
        };
  return { ...named, ...offer, isLost: isLost(api, cluster, reference) };
}

const NO_OFFER = { claims: undefined, open: [], identity: '' };

/** Whether a binding accepts what it is to accept. */
export function acceptsAll(binding: KubeObject, { claims, open }: WantedBinding): boolean {
  const others = answersOf(binding).filter((answer) => !isTo(open, answer));
  return claims === undefined || deepEqual(others, [...claims]);
}

/** All answers that a binding is to have: those that are wanted, and those that its consumer has given. */
export function wantedAnswers(binding: KubeObject, { claims = [], open }: WantedBinding): JsonObject[] {
  return [...claims, ...answersOf(binding).filter((answer) => isTo(open, answer))];
}

function answersOf(binding: KubeObject): JsonObject[] {
  return objectsAt(objectAt(binding, 'spec'), 'permissionClaims');
}

function isTo(claims: readonly JsonObject[], answer: JsonObject): boolean {
  return claims.some((claim) => claimsTheSame(claim, answer));
}

export function isBound(binding: KubeObject | undefined): boolean {
  return textAt(objectAt(binding, 'status'), 'phase') === 'Bound';
}

/**
 * Has a logical cluster looked at when a binding changes that it waits for, or that its type maintains: so nothing has
 * to be kept for those that wait.
 */
export const defaultBindingHooks: KindHooks = {
  group: APIS_GROUP,
  resource: API_BINDINGS,
  work(api, { operation, key, object, old }) {
    const row = api.store.newest(logicalClusterKey(key.cluster));
    if (row === undefined || isGoing(row)) return [];
    const owed = [defaultBindingsDebt(api, key.cluster)];
    if (waitsForBindings(row)) return owed;
    const place: Place = { cluster: key.cluster, row, read: (wanted) => api.store.newest(wanted) };
    const named = namedBinding(api, place, key.name);
    if (named === undefined) return [];
    const isSettled =
      operation !== 'delete' &&
      isBound(object) &&
      isBound(old) &&
      acceptsAll(object, withOffer(api, place, named));
    return isSettled ? [] : owed;
  },
};
