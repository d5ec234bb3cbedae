import { limits, pauseFor } from '../base/mod.ts';
import type { Definition } from '../definitions/mod.ts';
import { invalid, newInvalid, StatusError } from '../machinery/mod.ts';
import type { NewRow, Row } from '../store/mod.ts';
import { decodeStored } from './row-codec.ts';
import type { Resource } from './target.ts';

/**
 * Refuses (422) to store what rules of conversion cannot show in another served version: whoever reads it there would
 * see a part of it. What could not be converted before may stay so, since its owner has to be able to mend it bit by
 * bit, and so may what is on its way out.
 */
export async function assertConvertible(
  definition: Definition,
  row: NewRow,
  old: Row | undefined,
): Promise<void> {
  if (definition.convertToShow === undefined) return;
  const stored: Row = { ...row, revision: 0 as Row['revision'] };
  const pause = pauseFor(limits.heavyWorkBytesMin);
  for (const { name, served } of definition.versions) {
    if (!served || name === definition.storageVersion) continue;
    await pause();
    const failure = failureOf(definition, name, stored);
    if (failure === undefined) continue;
    const { metadata } = decodeStored(definition, definition.storageVersion, stored);
    if (metadata.deletionTimestamp !== undefined) return;
    if (old !== undefined && failureOf(definition, name, old) !== undefined) continue;
    const { group, names } = definition;
    const error = invalid('apiVersion', `${group}/${name}`, `cannot be shown in this version: ${failure}`);
    throw newInvalid({ group, kind: names.kind }, metadata.name ?? '', [error]);
  }
}

/**
 * Whoever deletes what cannot be converted deletes it as it is stored, and is answered with that: nobody has to be able
 * to read an object to be rid of it.
 */
export function inDeletableVersion(resource: Resource, row: Row | undefined): Resource {
  const { definition, version, target } = resource;
  if (definition.convertToShow === undefined || row === undefined) return resource;
  if (!target.verb.startsWith('delete') || failureOf(definition, version.name, row) === undefined)
    return resource;
  const stored = definition.versions.find(({ name }) => name === definition.storageVersion);
  return stored === undefined ? resource : { ...resource, version: stored };
}

function failureOf(definition: Definition, version: string, row: Row): string | undefined {
  try {
    decodeStored(definition, version, row);
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}
