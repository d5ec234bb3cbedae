import { limits, pauseFor } from '../base/mod.ts';
import type { CollectionResource } from './target.ts';

/**
 * Objects that are about to be shown, as they are; those that rules have to convert in pieces, between which others get
 * their turn.
 */
export async function* convertedPieces<T>(
  { definition, version }: Pick<CollectionResource, 'definition' | 'version'>,
  objects: readonly T[],
): AsyncGenerator<readonly T[]> {
  if (definition.convertToShow === undefined || version.name === definition.storageVersion) {
    yield objects;
    return;
  }
  const pause = pauseFor(limits.heavyWorkBytesMin);
  for (let from = 0; from < objects.length; from += limits.convertedAtOnceMax) {
    if (from > 0) await pause();
    yield objects.slice(from, from + limits.convertedAtOnceMax);
  }
}
