import { nameElsewhere, type User } from '../access/mod.ts';
import { isObject, type JsonObject, objectAt, parseJson, textAt, textsAt } from '../machinery/mod.ts';

/** A user as kcp writes them into the annotation of a workspace: JSON as Go writes it. */
export function ownerText({ name, uid, groups, extra }: User): string {
  const info = {
    username: name,
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(extra).length === 0 ? {} : { extra: sortedByKey(extra) }),
  };
  return goJson(info);
}

/** The same with the name alone: all that is left of it once the workspace is ready. Undefined for what is no user. */
export function ownerNameText(owner: string): string | undefined {
  const info = parseOwner(owner);
  return info && goJson({ username: textAt(info, 'username') });
}

/** What such an annotation says: `username`, `uid`, `groups`, `extra`. Undefined when it cannot be read. */
export function parseOwner(text: string): JsonObject | undefined {
  try {
    const { value } = parseJson(Buffer.from(text));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * By which name a new logical cluster knows the user of such an annotation: a service account of another one has its
 * global name there, since whoever has the same name locally is somebody else.
 */
export function ownerNameElsewhere(owner: string | undefined): string | undefined {
  const info = owner === undefined ? undefined : parseOwner(owner);
  const name = textAt(info, 'username');
  if (info === undefined || name === '') return undefined;
  const extras = objectAt(info, 'extra');
  const extra = Object.fromEntries(Object.keys(extras ?? {}).map((key) => [key, textsAt(extras, key)]));
  return nameElsewhere({ name, uid: textAt(info, 'uid'), groups: textsAt(info, 'groups'), extra });
}

function sortedByKey<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Go escapes what HTML would read. */
function goJson(value: object): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
