import { limits } from '../base/mod.ts';
import { describePath, type FieldPath, fieldElement, parseElement } from '../machinery/mod.ts';

/**
 * The name of a register within its object, a text with one form only:
 *
 * - `/name` goes into the field of that name, `[text` to an item of a list, by the text of its FieldsV1 element;
 * - `|a|b` at the end is the register of several fields of which only one may be there;
 * - `!` at the end is the birth and removal of an item, `#` the order of a list;
 * - what begins with `@` is not in the object: who it is, that it is deleted, and so on.
 *
 * `~` escapes: the marks above, itself, and the line break that ends a path in the keys of documents.
 */
export type RegisterPath = string;

export const ROOT_PATH: RegisterPath = '';

const ESCAPES = '~/[|!#\n';
const NEEDS_ESCAPE = /[~/[|!#\n]/g;
const OBJECT_PATH = /^(?:[/[](?:[^~/[|!#\n]|~[0-6])*)*(?:(?:\|(?:[^~/[|!#\n]|~[0-6])+)+|[!#])?$/;
const SEGMENT = /[/[|!#][^/[|!#]*/g;

export function fieldPath(parent: RegisterPath, name: string): RegisterPath {
  return `${parent}/${escapeName(name)}`;
}

/** @param text the FieldsV1 text of the item's element */
export function itemPath(list: RegisterPath, text: string): RegisterPath {
  return `${list}[${escapeName(text)}`;
}

/** @param names of the fields that exclude each other, sorted */
export function unionPath(parent: RegisterPath, names: readonly string[]): RegisterPath {
  return `${parent}|${names.map(escapeName).join('|')}`;
}

export function lifePath(item: RegisterPath): RegisterPath {
  return `${item}!`;
}

export function orderPath(list: RegisterPath): RegisterPath {
  return `${list}#`;
}

export function isSystemPath(path: RegisterPath): boolean {
  return path.startsWith('@');
}

/** One step of a path. Names and texts are as they are in the object. */
export interface PathSegment {
  readonly kind: 'field' | 'item' | 'union' | 'life' | 'order';
  /** The field's name, or the item's text; for a union its fields' names, each after a `|`, still escaped. */
  readonly text: string;
}

/** Takes a path apart; undefined if it is none of an object, or deeper than objects can be. */
export function parseRegisterPath(path: RegisterPath): readonly PathSegment[] | undefined {
  const known = parsedPaths.get(path);
  if (known !== undefined) return known;
  const segments = readPath(path);
  if (segments !== undefined && path.length <= PATH_LENGTH_MAX) {
    if (parsedPaths.size >= PATHS_MAX) parsedPaths = new Map();
    parsedPaths.set(path, segments);
  }
  return segments;
}

/** Paths that were read before: objects of a kind have the same ones. Tenants choose some, hence the bounds: some MB. */
const PATHS_MAX = 4096;
const PATH_LENGTH_MAX = 256;
let parsedPaths = new Map<RegisterPath, readonly PathSegment[]>();

function readPath(path: RegisterPath): readonly PathSegment[] | undefined {
  if (path === ROOT_PATH || !OBJECT_PATH.test(path)) return undefined;
  const segments: PathSegment[] = [];
  for (const part of path.match(SEGMENT) ?? []) {
    if (part.startsWith('|')) {
      const union = segments.at(-1);
      if (union?.kind === 'union') segments[segments.length - 1] = { kind: 'union', text: union.text + part };
      else segments.push({ kind: 'union', text: part });
    } else segments.push(segmentOf(part));
  }
  return segments.length > limits.jsonDepthMax + 1 ? undefined : segments;
}

/** A path as messages name it: `.spec.resources[group="",name="cowboys"].schema`. */
export function describeRegister(path: RegisterPath): string {
  const segments = parseRegisterPath(path);
  if (segments === undefined) return path;
  const steps: FieldPath = segments.flatMap(({ kind, text }) => {
    if (kind === 'field') return [fieldElement(text)];
    const element = kind === 'item' ? readElement(text) : undefined;
    return element === undefined ? [] : [element];
  });
  const last = segments.at(-1);
  if (last?.kind !== 'union') return describePath(steps);
  return `${describePath(steps)}.(${last.text.slice(1).split('|').map(unescapeName).join('|')})`;
}

export function escapeName(name: string): string {
  return name.search(NEEDS_ESCAPE) < 0
    ? name
    : name.replace(NEEDS_ESCAPE, (mark) => `~${ESCAPES.indexOf(mark)}`);
}

export function unescapeName(text: string): string {
  return text.includes('~') ? text.replace(/~([0-6])/g, (_, digit: string) => ESCAPES[Number(digit)]!) : text;
}

function segmentOf(part: string): PathSegment {
  const text = unescapeName(part.slice(1));
  switch (part[0]) {
    case '/':
      return { kind: 'field', text };
    case '[':
      return { kind: 'item', text };
    default:
      return { kind: part[0] === '!' ? 'life' : 'order', text: '' };
  }
}

function readElement(text: string): FieldPath[number] | undefined {
  try {
    return parseElement(text);
  } catch {
    return fieldElement(text);
  }
}
