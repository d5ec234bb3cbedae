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
export interface WantedBinding {
  readonly name: string;
  readonly reference: ExportReference;
  /** The claims that it is to accept; undefined as long as there is no such export. */
  readonly claims: readonly JsonObject[] | undefined;
  /** The claims that are for the consumer to answer. */
  readonly open: readonly JsonObject[];
  /** What its export is known by; empty as long as there is none. */
  readonly identity: string;
  /** The path of its export leads to somebody else than when the type was written: nothing is bound there. */
  readonly isLost: boolean;
  /** Its type asks for it also where the workspace is ready. */
  readonly isMaintained: boolean;
}

/**
 * The bindings that a logical cluster has to have now: those of all its types as long as it waits for them, and then
 * those of types that maintain them. Throws `TypeProblem` when a type is not there.
 */
export function wantedBindings(
  api: Api,
  { cluster, row, read }: { readonly cluster: LogicalCluster; readonly row: Row; readonly read: ReadRow },
): readonly WantedBinding[] {
  const lineage = lineageOfRow(api, row, read);
  if (lineage === undefined) return [];
  const maintained = maintainedExports(lineage);
  const references = waitsForBindings(row) ? defaultExports(lineage) : maintained;
  return references.map((reference) => ({
    name: defaultBindingName(cluster, reference),
    reference,
    ...offerOf(api, cluster, { reference, read }),
    isLost: isLost(api, cluster, reference),
    isMaintained: maintained.some((other) => deepEqual({ ...other }, { ...reference })),
  }));
}

function offerOf(
  api: Api,
  cluster: LogicalCluster,
  { reference, read }: { readonly reference: ExportReference; readonly read: ReadRow },
): Pick<WantedBinding, 'claims' | 'open' | 'identity'> {
  const provider = exportCluster(api, cluster, reference);
  if (provider === undefined) return NO_OFFER;
  const place = { cluster: provider, resource: API_EXPORTS, name: reference.name };
  const found = readApisObject({ read }, place);
  if (found === undefined) return NO_OFFER;
  return {
    claims: acceptedClaims(found.object),
    open: openClaims(found.object),
    identity: textAt(objectAt(found.object, 'status'), 'identityHash'),
  };
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
    const read: ReadRow = (wanted) => api.store.newest(wanted);
    const wanted = knownWantedBindings(api, { cluster: key.cluster, row, read }).find(
      ({ name }) => name === key.name,
    );
    if (wanted === undefined) return [];
    const isSettled = operation !== 'delete' && isBound(object) && isBound(old) && acceptsAll(object, wanted);
    return isSettled ? [] : owed;
  },
};

/** The same, and nothing where a type is not there. */
export function knownWantedBindings(
  api: Api,
  place: Parameters<typeof wantedBindings>[1],
): readonly WantedBinding[] {
  try {
    return wantedBindings(api, place);
  } catch (error) {
    if (error instanceof TypeProblem) return [];
    throw error;
  }
}
