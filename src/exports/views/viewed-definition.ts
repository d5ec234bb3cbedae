import { createHash } from 'node:crypto';
import type { Definition, Verb } from '../../definitions/mod.ts';

/** The verbs of what can only be looked at. */
export const READ_ONLY: readonly Verb[] = ['get', 'list', 'watch'];

// One for each definition, so that what hangs on a definition is made once.
const viewedDefinitions = new WeakMap<Definition, Definition>();

/**
 * A definition as virtual workspaces have it: kcp's know the status of objects and no other subresource, neither scale
 * nor, above all, the tokens of service accounts.
 */
export function viewedDefinition(definition: Definition): Definition {
  let viewed = viewedDefinitions.get(definition);
  if (viewed === undefined) {
    const versions = definition.versions.map((version) => ({
      ...version,
      subresources: version.subresources.filter(({ name }) => name === 'status'),
    }));
    viewed = { ...definition, versions };
    viewedDefinitions.set(definition, viewed);
  }
  return viewed;
}

const limited = new WeakMap<Definition, Map<string, Definition>>();

/** A definition with some of its verbs, and none of its subresources where it cannot be written. */
export function withVerbs(definition: Definition, verbs: readonly Verb[]): Definition {
  const byVerbs = limited.get(definition) ?? new Map<string, Definition>();
  limited.set(definition, byVerbs);
  const kept = definition.verbs.filter((verb) => verbs.includes(verb));
  const key = kept.join();
  let found = byVerbs.get(key);
  if (found === undefined) {
    const isWritten = kept.includes('update') || kept.includes('patch');
    const versions = isWritten
      ? definition.versions
      : definition.versions.map((version) => ({ ...version, subresources: [] }));
    found = { ...definition, verbs: kept, versions };
    byVerbs.set(key, found);
  }
  return found;
}

/**
 * A definition as discovery and OpenAPI show it. What these make hangs on hashes, and what a view leaves out makes
 * another one; stored objects go by the hash of their definition alone.
 */
export function announcedDefinition(definition: Definition): Definition {
  const subresources = definition.versions.map(({ subresources }) => subresources.map(({ name }) => name));
  const text = JSON.stringify(['view', definition.hash, definition.verbs, subresources]);
  return { ...definition, hash: createHash('sha256').update(text).digest('hex') };
}
