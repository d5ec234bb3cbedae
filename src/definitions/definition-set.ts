import { createHash } from 'node:crypto';
import type { Definition } from './definition.ts';

/** All kinds that one workspace serves. Workspaces with equal hashes share everything that is built from a set. */
export interface DefinitionSet {
  /** SHA-256 (hex) over the definitions' hashes, whatever their order. */
  readonly hash: string;
  readonly definitions: readonly Definition[];
}

/** Makes a set of definitions; the order of the definitions has no influence on its hash. */
export function definitionSet(definitions: readonly Definition[]): DefinitionSet {
  return { hash: hashOfDefinitions(definitions), definitions };
}

/** SHA-256 (hex) over the sorted hashes of some definitions. */
export function hashOfDefinitions(definitions: readonly Definition[]): string {
  const hashes = definitions.map((definition) => definition.hash).sort();
  return createHash('sha256').update(hashes.join('\n')).digest('hex');
}
