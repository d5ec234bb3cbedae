import {
  ConvergentDocument,
  type Identity,
  identityOf,
  isDeleted,
  stampTimeMs,
} from '../../convergent/mod.ts';
import type { ObjectStore, Row } from '../../store/mod.ts';
import type { NameLoser } from './convergence-notes.ts';
import { documentKey, LOSERS_FIELD } from './document-records.ts';
import { viewAt } from './served-row.ts';

/** Who has lost the name of an object to it, by its row. */
export function losersIn(
  store: Pick<ObjectStore, 'newest'>,
  row: Pick<Row, 'fields'> | undefined,
  nowMs: number,
): readonly NameLoser[] {
  const uids = row?.fields[LOSERS_FIELD]?.split('\n') ?? [];
  return uids.flatMap((uid) => {
    const document = store.newest(documentKey(uid))?.document;
    if (document === undefined) return [];
    const view = viewAt(ConvergentDocument.open(document), nowMs);
    const identity = isDeleted(view) ? undefined : identityOf(view);
    return identity === undefined ? [] : [loserOf(identity)];
  });
}

export function loserOf({ uid, createdIn, created }: Identity): NameLoser {
  return { uid, region: createdIn, timeMs: stampTimeMs(created) };
}
