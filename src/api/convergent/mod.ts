export { type Convergence, hasDocuments, isHomedElsewhere } from './convergence.ts';
export { DocumentMerger } from './document-merger.ts';
export {
  ANY_DOCUMENT,
  DIGEST_FIELD,
  documentKey,
  isDocumentRecord,
  PARKED_FIELD,
  positionKey,
  readDocumentRow,
  recordRow,
  WAITING_DOCUMENT,
  writerKey,
} from './document-records.ts';
export { hasLosers, tombstoneOf, withDocument } from './document-write.ts';
export type { IncomingDocument, MergeOptions, MergeOutcome, MergeReport } from './merge-options.ts';
export { isPlaceGone } from './orphans.ts';
