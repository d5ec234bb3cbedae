import { type LeftOut, materialise, nameHolderOf } from '../../convergent/mod.ts';
import { deepEqual, type KubeObject } from '../../machinery/mod.ts';
import {
  type Mutation,
  type NewRow,
  type ObjectKey,
  REMEMBERED_FIELD,
  type Row,
  type WorkChange,
} from '../../store/mod.ts';
import type { Api } from '../api.ts';
import { companionDelete, hookedWork, isOwner } from '../companions.ts';
import { mountWork } from '../mount-work.ts';
import { decodeStored } from '../row-codec.ts';
import { CONTROLLERS, workAfterDelete, workAfterPut } from '../work.ts';
import type { ConvergentKind } from './convergent-kind.ts';
import { documentKey, documentRow, LOSERS_FIELD } from './document-records.ts';
import type { NameCandidate } from './name-candidates.ts';
import { loserOf } from './name-losers.ts';
import { digestText, servedRow } from './served-row.ts';

/** One commit that brings a name closer to what it has to be. */
export interface SettlingStep {
  readonly mutations: readonly (Mutation & { readonly expected: number })[];
  readonly work: readonly WorkChange[];
  /** The uid of an object that goes: its dependents are looked for. */
  readonly departing?: string;
  /** Whether another step comes after it. */
  readonly isFirst: boolean;
  readonly leftOut: readonly LeftOut[];
}

interface Place {
  readonly key: ObjectKey;
  readonly kind: ConvergentKind;
}

/**
 * What is still to do for a name to show whom it belongs to: undefined when it does. A name that goes to another object is
 * given up by a commit of its own first, so that watchers see one object go and another one come.
 */
export async function nextStep(
  api: Api,
  place: Place,
  candidates: readonly NameCandidate[],
): Promise<SettlingStep | undefined> {
  const held = nameHolderOf(candidates);
  if (held === undefined) return undefined;
  const { holder, losers } = held;
  const served = candidates.find((candidate) => candidate.served !== undefined);
  if (served !== undefined && served.uid !== holder.uid) return handOver(api, place, served);
  const row = rowOf(place.kind, holder, losers);
  const mutations = losers.flatMap((loser) => hiddenPut(place.key, loser));
  const told = losers.flatMap((loser) => (loser.hidden === undefined ? [debtOf(api, place, loser)] : []));
  if (row === undefined || (holder.served !== undefined && isSame(row, holder.served))) {
    return mutations.length === 0 ? undefined : { mutations, work: told, isFirst: false, leftOut: [] };
  }
  const { key, kind } = place;
  const { definition } = kind;
  mutations.unshift({ key, expected: holder.served?.revision ?? 0, row });
  if (holder.hidden !== undefined) {
    mutations.push({ key: documentKey(holder.uid), expected: holder.hidden.revision });
  }
  const decode = (stored: NewRow): KubeObject =>
    decodeStored(definition, definition.storageVersion, stored as Row);
  const object = decode(row);
  const old = holder.served && decode(holder.served);
  const isTold = old !== undefined && deepEqual(object, old);
  return {
    mutations,
    // What only the document has more is nothing to anybody.
    work: [...told, ...(isTold ? [] : workAfterMerge(api, place, { object, old }))],
    isFirst: false,
    leftOut: materialise(holder.view, kind.check)?.leftOut ?? [],
  };
}

/** The debts that follow from an object being stored, whoever has written it: those of any write, without its admission. */
export function workAfterMerge(
  api: Api,
  { key, kind }: Place,
  { object, old }: { readonly object: KubeObject; readonly old: KubeObject | undefined },
): readonly WorkChange[] {
  const { definition } = kind;
  return [
    ...workAfterPut(api, { definition, key, object, old, isCounted: false }),
    ...mountWork(api, { definition, key, object, old }),
    ...hookedWork(api, { operation: old === undefined ? 'create' : 'update', definition, key, object, old }),
  ];
}

/** The deletion of a served object, and what controllers owe for it: also of one whose kind is not there any more. */
export async function departure(
  api: Api,
  { key, kind }: { readonly key: ObjectKey; readonly kind: ConvergentKind | undefined },
  row: Row,
): Promise<Pick<SettlingStep, 'mutations' | 'work'>> {
  if (kind === undefined) {
    const { uid, revision: expected } = row;
    const work = workAfterDelete(api, { key, uid, hasDependents: await isOwner(api, key, uid) });
    return { mutations: [{ key, expected }], work };
  }
  const { definition } = kind;
  const old = decodeStored(definition, definition.storageVersion, row);
  const { mutation, work } = await companionDelete(api, { definition, key, old, oldRow: row });
  return { mutations: [mutation], work: [...work, ...mountWork(api, { definition, key, old })] };
}

async function handOver(api: Api, place: Place, served: NameCandidate): Promise<SettlingStep> {
  const { mutations, work } = await departure(api, place, served.served!);
  return {
    mutations: [...mutations, ...hiddenPut(place.key, { ...served, isMerged: true })],
    work: [...work, debtOf(api, place, served)],
    departing: served.uid,
    isFirst: true,
    leftOut: [],
  };
}

/** Somebody should hear that an object is not served. */
function debtOf(api: Api, { key }: Place, { uid }: NameCandidate): WorkChange {
  return {
    controller: CONTROLLERS.nameConflict,
    cluster: key.cluster,
    key: uid,
    payload: api.random.bytes(8),
  };
}

function rowOf(
  kind: ConvergentKind,
  holder: NameCandidate,
  losers: readonly NameCandidate[],
): NewRow | undefined {
  const { document, view, served, hidden } = holder;
  return servedRow(kind, {
    document,
    bytes: holder.isMerged ? undefined : (served ?? hidden)?.document,
    view,
    losers: losers.map(loserOf),
    remembered: served?.fields[REMEMBERED_FIELD] ?? holder.remembered,
  });
}

function hiddenPut(
  key: ObjectKey,
  { uid, document, hidden, isMerged }: NameCandidate,
): (Mutation & { readonly expected: number })[] {
  if (hidden !== undefined && !isMerged) return [];
  const row = documentRow({
    state: 'loser',
    key,
    uid,
    document: document.encode(),
    digest: digestText(document),
  });
  return [{ key: documentKey(uid), expected: hidden?.revision ?? 0, row }];
}

function isSame(row: NewRow, served: Row): boolean {
  return (
    served.document !== undefined &&
    Buffer.compare(row.json, served.json) === 0 &&
    row.definitionHash === served.definitionHash &&
    Buffer.compare(row.document!, served.document) === 0 &&
    row.fields[LOSERS_FIELD] === served.fields[LOSERS_FIELD]
  );
}
