/** Who owns which fields: metadata.managedFields, kept on every write, and what server-side apply does by it. */
export {
  type AppliedConfiguration,
  applyOwned,
  newUnconvertible,
  typedConfiguration,
} from './apply-owned.ts';
export { identityOf, isOwnershipSame, ManagedFieldsError, managerIdentifier } from './managed.ts';
export type { FieldWriter, OwnershipRules } from './rules.ts';
export { trackUpdate } from './track.ts';
