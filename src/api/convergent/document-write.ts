import {
  ConvergentDocument,
  ConvergentError,
  checkWriterClock,
  createEdit,
  deleteEdit,
  updateEdit,
} from '../../convergent/mod.ts';
import type { Definition } from '../../definitions/mod.ts';
import {
  deepEqual,
  type KubeObject,
  newForbidden,
  newRequestEntityTooLarge,
  newServiceUnavailable,
} from '../../machinery/mod.ts';
import { type Mutation, type NewRow, type ObjectKey, REMEMBERED_FIELD, type Row } from '../../store/mod.ts';
import type { Api } from '../api.ts';
import { isSameRow } from '../owned-row.ts';
import { type Convergence, hasDocuments } from './convergence.ts';
import { type ConvergentKind, convergentKindOf } from './convergent-kind.ts';
import { documentKey, documentRow, LOSERS_FIELD } from './document-records.ts';
import { losersIn } from './name-losers.ts';
import { digestText, objectIn, objectOfRow, servedRow, viewAt } from './served-row.ts';

/** What a write does to one object, when all but its document is settled. */
export interface DocumentChange {
  readonly definition: Definition;
  readonly key: ObjectKey;
  /** The row of the object, as it is to be; undefined when it goes. */
  readonly row: NewRow | undefined;
  readonly oldRow: Row | undefined;
  /** The object as it was when it went, if its last update made something else of it than is stored. */
  readonly last?: Pick<Row, 'json'> | undefined;
}

/** The part of a member that documents are written with. */
export type DocumentApi = Pick<Api, 'store' | 'convergence'>;

/**
 * The last step of every write of a convergent object: the write becomes an edit of the object's document, and the row
 * what the document says then. One that goes leaves its document behind, with a tombstone, by which other regions hear
 * of it. All other kinds are left as they are.
 *
 * Throws `StatusError`: 503 while the clock of this region is ahead, 403 for what only the home of the logical cluster
 * changes, 413.
 */
export function withDocument(
  api: DocumentApi,
  change: DocumentChange,
): {
  readonly row: NewRow | undefined;
  readonly mutations: readonly (Mutation & { readonly expected: number })[];
} {
  const { convergence } = api;
  const { key, row, oldRow, definition } = change;
  const isSame = row !== undefined && oldRow?.document !== undefined && isSameRow(row, oldRow);
  if (convergence === undefined || !hasDocuments(api, key) || isSame) return { row, mutations: [] };
  const nowMs = api.store.nowMs();
  const kind = convergentKindOf(definition);
  try {
    checkWriterClock({ nowMs, peersMs: convergence.peersMs() });
    const edit = new DocumentEdit({ api, convergence, kind, change, nowMs });
    return row === undefined ? { row, mutations: [edit.tombstone()] } : { row: edit.put(row), mutations: [] };
  } catch (error) {
    throw statusOf(error, change);
  }
}

/**
 * The tombstone of an object that goes with all that is around it, whatever it waits for; undefined for one without a
 * document. It belongs into the commit that deletes the row.
 */
export function tombstoneOf(
  api: DocumentApi,
  { key, row }: { readonly key: ObjectKey; readonly row: Row },
): (Mutation & { readonly expected: number }) | undefined {
  const { convergence } = api;
  if (convergence === undefined || row.document === undefined) return undefined;
  const nowMs = api.store.nowMs();
  const document = ConvergentDocument.open(row.document);
  const view = viewAt(document, nowMs);
  const current = objectOfRow(row);
  delete current.metadata.finalizers;
  document.write(deleteEdit(view, { current, writer: convergence.writer, nowMs }));
  return tombstonePut(key, { uid: row.uid, document });
}

function tombstonePut(
  key: ObjectKey,
  { uid, document }: { readonly uid: string; readonly document: ConvergentDocument },
): Mutation & { readonly expected: number } {
  const row = documentRow({
    state: 'tombstone',
    key,
    uid,
    document: document.encode(),
    digest: digestText(document),
  });
  return { key: documentKey(uid), expected: 0, row };
}

/** The document of a row that has none: of an object that was there before documents were. */
export function adoptedDocument(
  kind: ConvergentKind,
  {
    key,
    row,
    convergence,
  }: { readonly key: ObjectKey; readonly row: Row; readonly convergence: Convergence },
): ConvergentDocument {
  const object = objectOfRow(row);
  const document = ConvergentDocument.create();
  const nowMs = Date.parse(object.metadata.creationTimestamp ?? '') || 0;
  document.write(
    createEdit({ object, type: kind.type, place: placeOf(key), writer: convergence.writer, nowMs }),
  );
  return document;
}

function placeOf({ cluster, group, resource }: ObjectKey) {
  return { logicalCluster: cluster, group, resource };
}

class DocumentEdit {
  readonly #step: {
    readonly api: DocumentApi;
    readonly convergence: Convergence;
    readonly kind: ConvergentKind;
    readonly change: DocumentChange;
    readonly nowMs: number;
  };
  readonly #document: ConvergentDocument;
  #isEdited = false;

  constructor(step: {
    readonly api: DocumentApi;
    readonly convergence: Convergence;
    readonly kind: ConvergentKind;
    readonly change: DocumentChange;
    readonly nowMs: number;
  }) {
    this.#step = step;
    const { kind, convergence } = step;
    const { oldRow: row, key } = step.change;
    if (row === undefined) this.#document = ConvergentDocument.create();
    else if (row.document === undefined) this.#document = adoptedDocument(kind, { key, row, convergence });
    else this.#document = ConvergentDocument.open(row.document);
    this.#isEdited = row?.document === undefined;
  }

  put(row: NewRow): NewRow {
    const { api, kind, change, nowMs } = this.#step;
    const { oldRow } = change;
    this.#write(objectOfRow(row));
    const served = servedRow(kind, {
      document: this.#document,
      // What was not edited is not written anew: bytes may differ that say the same.
      bytes: this.#isEdited ? undefined : oldRow?.document,
      view: viewAt(this.#document, nowMs),
      losers: losersIn(api.store, oldRow, nowMs),
      remembered: row.fields[REMEMBERED_FIELD],
    });
    // Its creation counts at once, whatever clocks said before: the stamp is of now.
    return served ?? row;
  }

  tombstone(): Mutation & { readonly expected: number } {
    const { convergence, change, nowMs } = this.#step;
    const { key, oldRow, last } = change;
    const gone = objectOfRow(last ?? oldRow!);
    if (last !== undefined && !deepEqual(gone, objectOfRow(oldRow!))) this.#write(gone);
    const view = viewAt(this.#document, nowMs);
    this.#document.write(deleteEdit(view, { current: gone, writer: convergence.writer, nowMs }));
    return tombstonePut(key, { uid: oldRow!.uid, document: this.#document });
  }

  #write(object: KubeObject): void {
    const { convergence, kind, change, nowMs } = this.#step;
    const { key, oldRow } = change;
    const { writer } = convergence;
    const { type } = kind;
    if (oldRow === undefined) {
      this.#document.write(createEdit({ object, type, place: placeOf(key), writer, nowMs }));
      return;
    }
    const view = viewAt(this.#document, nowMs);
    const old = objectOfRow(oldRow);
    const edit = updateEdit(view, {
      type,
      current: objectIn(kind, view) ?? old,
      old,
      object,
      isHome: convergence.isHome(key.cluster),
      writer,
      nowMs,
    });
    if (edit.registers.length === 0) return;
    this.#document.write(edit);
    this.#isEdited = true;
  }
}

function statusOf(error: unknown, { key }: DocumentChange): unknown {
  if (!(error instanceof ConvergentError)) return error;
  switch (error.refusal) {
    case 'ClockAhead':
      return newServiceUnavailable(error.message, 1);
    case 'DocumentTooLarge':
      return newRequestEntityTooLarge(error.message);
    case 'HomeOnly':
      return newForbidden({ group: key.group, resource: key.resource }, key.name, error.message);
    default:
      return error;
  }
}

/** Whether somebody has lost the name of an object to it, and has it when it goes. */
export function hasLosers(row: Pick<Row, 'fields'> | undefined): boolean {
  return row?.fields[LOSERS_FIELD] !== undefined;
}
