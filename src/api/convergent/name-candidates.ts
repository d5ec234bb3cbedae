import {
  ConvergentDocument,
  type Identity,
  identityOf,
  isDeleted,
  type RegisterView,
} from '../../convergent/mod.ts';
import type { ObjectKey, ObjectStore, Row } from '../../store/mod.ts';
import type { Convergence } from './convergence.ts';
import type { ConvergentKind } from './convergent-kind.ts';
import { documentKey, nameReference, readDocumentRow } from './document-records.ts';
import { adoptedDocument } from './document-write.ts';
import { viewAt } from './served-row.ts';

/** A living object that has a name, or would have it if others did not. */
export interface NameCandidate extends Identity {
  readonly document: ConvergentDocument;
  readonly view: RegisterView;
  /** The row that it has under the name. */
  readonly served?: Row | undefined;
  /** The row of its document, where it is not served. */
  readonly hidden?: Row | undefined;
  /** Whether the document says more than its row. */
  readonly isMerged: boolean;
  readonly remembered?: string | undefined;
}

/** What is known of a name in the newest rows, and in durable state. */
export async function candidatesOf(
  state: {
    readonly store: ObjectStore;
    readonly convergence: Convergence;
    readonly kind: ConvergentKind;
    readonly nowMs: number;
  },
  key: ObjectKey,
): Promise<NameCandidate[]> {
  const { store, convergence, kind, nowMs } = state;
  const candidates: NameCandidate[] = [];
  const add = (document: ConvergentDocument, rows: Pick<NameCandidate, 'served' | 'hidden'>): void => {
    const view = viewAt(document, nowMs);
    const identity = isDeleted(view) ? undefined : identityOf(view);
    if (identity !== undefined) candidates.push({ ...identity, document, view, isMerged: false, ...rows });
  };
  const served = store.newest(key);
  if (served?.document !== undefined) add(ConvergentDocument.open(served.document), { served });
  else if (served !== undefined) add(adoptedDocument(kind, { key, row: served, convergence }), { served });
  for (const uid of await losersOf(store, key)) {
    const hidden = store.newest(documentKey(uid));
    const isLoser = hidden !== undefined && readDocumentRow(hidden)?.state === 'loser';
    if (isLoser && hidden.document !== undefined) add(ConvergentDocument.open(hidden.document), { hidden });
  }
  return candidates;
}

async function losersOf(store: ObjectStore, key: ObjectKey): Promise<readonly string[]> {
  const snapshot = store.snapshot();
  const uids: string[] = [];
  try {
    for await (const batch of snapshot.referring(nameReference(key))) {
      for (const found of batch) uids.push(found.row.uid);
    }
  } finally {
    snapshot.close();
  }
  return uids;
}
