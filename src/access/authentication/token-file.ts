import { hash } from 'node:crypto';
import { AUTHENTICATED_GROUP, BOUND_PREFIX, SERVICE_ACCOUNT_PREFIX } from '../groups.ts';
import { groupsOfOperator } from './outside-groups.ts';
import type { TokenCredential } from './static-tokens.ts';

/** A token file that cannot be used, and what is wrong with it: one line, which names no token. */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}

/**
 * Reads a file of tokens as Kubernetes has it: lines of `token,user,uid` and, if there are any, groups as one
 * more field, quoted where they are several: `"group1,group2"`.
 */
export function parseTokenFile(text: string): TokenCredential[] {
  const credentials = new Map<string, TokenCredential>();
  for (const { fields, line } of recordsOf(text)) {
    const [token = '', name = '', uid = '', groups = ''] = fields;
    if (fields.length < 3) {
      throw new TokenFileError(
        `line ${line} has ${fields.length} fields, but a token, a user and a uid are needed`,
      );
    }
    if (token === '') throw new TokenFileError(`line ${line} has no token`);
    if (/\s/.test(token)) throw new TokenFileError(`line ${line} has a token with white space in it`);
    if (name === '') throw new TokenFileError(`line ${line} has no user`);
    if (name.startsWith(SERVICE_ACCOUNT_PREFIX)) {
      throw new TokenFileError(`line ${line} names a service account, which has tokens of its own`);
    }
    if (name.startsWith(BOUND_PREFIX)) {
      throw new TokenFileError(`line ${line} names somebody as only permission policies see them`);
    }
    const tokenHash = hash('sha256', token, 'hex');
    if (credentials.has(tokenHash)) throw new TokenFileError(`line ${line} repeats a token`);
    credentials.set(tokenHash, { tokenHash, user: { name, uid, groups: groupsOf(groups), extra: {} } });
  }
  return [...credentials.values()];
}

function groupsOf(text: string): string[] {
  const named = text.split(',').map((group) => group.trim());
  const groups = groupsOfOperator(named.filter((group) => group !== ''));
  return groups.includes(AUTHENTICATED_GROUP) ? groups : [...groups, AUTHENTICATED_GROUP];
}

/** The records of a CSV text (RFC 4180) with the lines they begin in; empty lines and comments are none. */
function* recordsOf(text: string): Generator<{ readonly fields: string[]; readonly line: number }> {
  let line = 0;
  for (const row of text.replace(/^\uFEFF/, '').split('\n')) {
    line += 1;
    const content = row.endsWith('\r') ? row.slice(0, -1) : row;
    if (content.trim() === '' || content.startsWith('#')) continue;
    yield { fields: fieldsOf(content, line), line };
  }
}

function fieldsOf(row: string, line: number): string[] {
  const fields: string[] = [];
  // One field and what follows it: quoted, with "" for a quote, or as it stands.
  const field = /\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/y;
  do {
    const found = field.exec(row);
    if (found === null) throw new TokenFileError(`line ${line} has a quote in the wrong place`);
    fields.push(found[1]?.replaceAll('""', '"') ?? (found[2] ?? '').trim());
    if (found[3] === '') return fields;
  } while (field.lastIndex <= row.length);
  return fields;
}
