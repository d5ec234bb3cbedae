import { sortedKeys } from './json-encoder.ts';
import { isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { resolvePlainScalar } from './yaml-scalar.ts';

/**
 * A YAML document in the style of sigs.k8s.io/yaml: keys sorted bytewise, block style, lists not
 * indented below their key, multi-line strings as literal blocks, and quotes around every string that
 * a YAML 1.1 or 1.2 reader could take for something else. Ends with a line break.
 */
export function encodeYaml(value: JsonValue): string {
  if (isObject(value) && hasMembers(value)) return encodeMembers(value, 0);
  if (Array.isArray(value) && value.length > 0) return encodeItems(value, 0);
  return `${encodeScalar(value, 0)}\n`;
}

/** YAML allows no more than 1024 characters for a key before its colon. */
const SIMPLE_KEY_MAX = 1000;

function encodeMembers(object: JsonObject, indent: number): string {
  const pad = ' '.repeat(indent);
  let out = '';
  for (const key of sortedKeys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    const name = quoteIfNeeded(key);
    if (name.length > SIMPLE_KEY_MAX) out += `${pad}? ${name}\n${pad}:`;
    else out += `${pad}${name}:`;
    if (isObject(value) && hasMembers(value)) out += `\n${encodeMembers(value, indent + 2)}`;
    else if (Array.isArray(value) && value.length > 0) out += `\n${encodeItems(value, indent)}`;
    else out += ` ${encodeScalar(value, indent + 2)}\n`;
  }
  return out;
}

function encodeItems(items: readonly JsonValue[], indent: number): string {
  const pad = ' '.repeat(indent);
  let out = '';
  for (const item of items) {
    // The first line of a nested collection stands behind the dash, so its indentation is cut off.
    if (isObject(item) && hasMembers(item)) {
      out += `${pad}- ${encodeMembers(item, indent + 2).slice(indent + 2)}`;
    } else if (Array.isArray(item) && item.length > 0) {
      out += `${pad}- ${encodeItems(item, indent + 2).slice(indent + 2)}`;
    } else out += `${pad}- ${encodeScalar(item, indent + 2)}\n`;
  }
  return out;
}

function hasMembers(object: JsonObject): boolean {
  return Object.keys(object).some((key) => object[key] !== undefined);
}

/** A scalar or an empty collection; further lines of a block are indented by `indent`. */
function encodeScalar(value: JsonValue, indent: number): string {
  if (typeof value === 'string') return isBlock(value) ? literalBlock(value, indent) : quoteIfNeeded(value);
  if (Array.isArray(value)) return '[]';
  if (isObject(value)) return '{}';
  return String(value);
}

/** Printable lines, the first of which begins with text, with at most one line break at the end. */
function isBlock(text: string): boolean {
  if (!text.includes('\n') || !/^[^\s]/.test(text) || text.endsWith('\n\n')) return false;
  return /^[\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe]*$/.test(text);
}

function literalBlock(text: string, indent: number): string {
  const pad = ' '.repeat(Math.max(indent, 2));
  const header = text.endsWith('\n') ? '|' : '|-';
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  return [header, ...lines.map((line) => (line === '' ? '' : pad + line))].join('\n');
}

const SAFE = /^[A-Za-z0-9_./][A-Za-z0-9_./@$%^&*()+=<>?;:~| -]*$/;
const NUMBER_LIKE = /^[0-9.][0-9A-Fa-f:_.,xXoOTtZz +-]*$/;

function quoteIfNeeded(text: string): string {
  if (SAFE.test(text) && !NUMBER_LIKE.test(text) && !/: |:$| $/.test(text)) {
    if (text !== '...' && typeof resolvePlainScalar(text) === 'string') return text;
  }
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
