import {
  type ConvergentDocument,
  documentDigest,
  type Materialised,
  materialise,
  type RegisterView,
  stampHorizon,
  viewRegisters,
} from '../../convergent/mod.ts';
import type { KubeObject } from '../../machinery/mod.ts';
import { parseJson } from '../../machinery/mod.ts';
import { type NewRow, REFERENCES_FIELD, REMEMBERED_FIELD, type Row } from '../../store/mod.ts';
import { SYSTEM_BYTES_MAX } from '../object-room.ts';
import { encodeRow } from '../row-codec.ts';
import { addNotes, type NameLoser, notesOf, removeNotes } from './convergence-notes.ts';
import type { ConvergentKind } from './convergent-kind.ts';
import { ANY_DOCUMENT, DIGEST_FIELD, LOSERS_FIELD, PARKED_FIELD } from './document-records.ts';

/** The registers of a document as they count now. */
export function viewAt(document: ConvergentDocument, nowMs: number): RegisterView {
  return viewRegisters(document.registers(), { horizon: stampHorizon(nowMs) });
}

/** What a document says by itself, without what the merge has to say of it; undefined for one that says no object. */
export function objectIn(kind: ConvergentKind, view: RegisterView): KubeObject | undefined {
  return materialise(view, kind.check)?.object;
}

/** An object as its row has it, without what the merge has to say of it. */
export function objectOfRow(row: Pick<Row, 'json'>): KubeObject {
  return removeNotes(parseJson(row.json).value as KubeObject);
}

export function digestText(document: ConvergentDocument): string {
  return Buffer.from(documentDigest(document.registers())).toString('base64');
}

/**
 * The row under which an object is served: a pure function of its document and definition, and of who has lost the name
 * to it. Undefined for a document that says no object (its creation may be from too far ahead).
 */
export function servedRow(
  kind: ConvergentKind,
  state: {
    readonly document: ConvergentDocument;
    /** The bytes of the document, if they are at hand. */
    readonly bytes?: Uint8Array | undefined;
    readonly view: RegisterView;
    readonly losers?: readonly NameLoser[];
    readonly remembered: string | undefined;
    readonly bytesMax?: number;
  },
): NewRow | undefined {
  const { document, view, losers = [], remembered, bytesMax = SYSTEM_BYTES_MAX } = state;
  const said = materialise(view, kind.check);
  if (said === undefined) return undefined;
  const row = encodeRow(
    kind.definition,
    kind.definition.storageVersion,
    completed(kind, { said, view, losers }),
    bytesMax,
  );
  const countsAtMs = Math.min(...view.parked.map((register) => register.countsAtMs));
  const references = row.fields[REFERENCES_FIELD];
  return {
    ...row,
    fields: {
      ...row.fields,
      [REFERENCES_FIELD]: references === undefined ? ANY_DOCUMENT : `${references}\n${ANY_DOCUMENT}`,
      [DIGEST_FIELD]: digestText(document),
      ...(Number.isFinite(countsAtMs) && { [PARKED_FIELD]: String(countsAtMs) }),
      ...(losers.length > 0 && { [LOSERS_FIELD]: losers.map(({ uid }) => uid).join('\n') }),
      ...(remembered !== undefined && { [REMEMBERED_FIELD]: remembered }),
    },
    document: state.bytes ?? document.encode(),
  };
}

function completed(
  kind: ConvergentKind,
  {
    said,
    view,
    losers,
  }: { readonly said: Materialised; readonly view: RegisterView; readonly losers: readonly NameLoser[] },
): KubeObject {
  kind.complete(said.object);
  addNotes(said.object, notesOf(view, said, losers), kind.hasConditions);
  return said.object;
}
