/**
 * Objects that are written in any region and converge: how they are cut into registers, the documents that hold these,
 * what a document says, and what regions exchange. Pure but for bytes: nothing here reads a clock, a disk or a network.
 */
export { type ClientId, clientIdOf, memberOfClient, refuseTakenClient, type Vector } from './client-id.ts';
export { type ConflictingValue, conflictsOf, type FieldConflict } from './conflicts.ts';
export {
  compareDigests,
  type DigestComparison,
  type DigestEntry,
  type DigestSummary,
  digestPlace,
  summarise,
} from './digest-exchange.ts';
export { ConvergentDocument } from './document.ts';
export { documentDigest } from './document-digest.ts';
export {
  acknowledgeEdit,
  createEdit,
  deleteEdit,
  type Edit,
  restampEdit,
  updateEdit,
  type Writer,
} from './edit.ts';
export { ConvergentError, type ConvergentRefusal } from './errors.ts';
export { type FieldClasses, fieldClassesOf } from './field-classes.ts';
export type { MergeOptions } from './forgery.ts';
export { type Identity, identityOf } from './identity.ts';
export {
  acknowledgedBy,
  isDeleted,
  isForgettable,
  type LifeState,
  lifeOf,
  type NameHolder,
  nameHolderOf,
  owesAcknowledgement,
} from './lifetime.ts';
export { type LeftOut, type Materialised, materialise, type ObjectCheck } from './materialise.ts';
export { type ObjectType, objectTypeOf } from './register-type.ts';
export { type ParkedRegister, type RegisterView, viewRegisters } from './register-view.ts';
export { checkWriterClock, type Stamp, stampHorizon, stampTimeMs } from './stamps.ts';
