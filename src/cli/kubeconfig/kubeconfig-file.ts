import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  Pair,
  parseDocument,
  Scalar,
  YAMLMap,
  YAMLSeq,
} from 'yaml';
import { Failure, reasonOf, systemCode } from '../failure.ts';

/** The lists of a kubeconfig, and the key under which an entry of each keeps its content. */
export const sections = { clusters: 'cluster', contexts: 'context', users: 'user' } as const;
export type Section = keyof typeof sections;

/** Plain scalars are kept as text: what a field means is known to whoever reads it. */
export type Fields = Readonly<Record<string, unknown>>;

/** Some kilobytes are usual, and certificates of a thousand clusters come to some megabytes. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/**
 * One kubeconfig file as its author wrote it. Changes touch the entries that they name and nothing else:
 * comments, unknown fields and the order of everything stay.
 */
export class KubeconfigFile {
  readonly path: string;
  /** Whether there is such a file yet. */
  readonly exists: boolean;
  readonly #document: Document;
  readonly #hasIndentedLists: boolean;

  private constructor(path: string, text: string | undefined) {
    this.path = path;
    this.exists = text !== undefined;
    // No scalar is resolved, so that none is rewritten: a token of digits stays what it was.
    this.#document = parseDocument(text ?? '', { schema: 'failsafe', version: '1.1', logLevel: 'error' });
    const [error] = this.#document.errors;
    if (error !== undefined) {
      throw new Failure(`${path} is no kubeconfig: ${error.message.split('\n')[0]?.replace(/:$/, '')}`);
    }
    const contents = this.#document.contents;
    if (contents === null || isEmptyScalar(contents)) this.#document.contents = new YAMLMap();
    else if (!isMap(contents)) throw new Failure(`${path} is no kubeconfig: it is not a mapping`);
    // kubectl writes lists in line with their key, people often indent them.
    this.#hasIndentedLists = !/^(clusters|contexts|users):[^\S\n]*\n- /m.test(text ?? 'clusters:\n- ');
  }

  /** Reads a file; one that does not exist is an empty kubeconfig. */
  static async read(path: string): Promise<KubeconfigFile> {
    return new KubeconfigFile(path, await readIfPresent(path));
  }

  /** The folder that relative paths in the file begin at. */
  get directory(): string {
    return dirname(this.path);
  }

  get currentContext(): string | undefined {
    const value = this.#document.get('current-context');
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  setCurrentContext(name: string): void {
    this.#document.set('current-context', textScalar(name));
  }

  names(section: Section): readonly string[] {
    return this.#items(section).flatMap((item) => {
      const name = item.get('name');
      return typeof name === 'string' ? [name] : [];
    });
  }

  /** The fields of an entry, or undefined if the file has none of that name. */
  entry(section: Section, name: string): Fields | undefined {
    const content = this.#find(section, name)?.get(sections[section], true);
    if (content === undefined) return undefined;
    const fields: unknown = isMap(content) ? content.toJS(this.#document) : {};
    return typeof fields === 'object' && fields !== null ? (fields as Fields) : {};
  }

  /** The content of an entry to put elsewhere, so that fields unknown here come along. */
  copyEntry(section: Section, name: string): EntryCopy | undefined {
    const content = this.#find(section, name)?.get(sections[section], true);
    return isMap(content) ? new EntryCopy(this.#document, content) : undefined;
  }

  /** Adds an entry, or replaces the content of the one of that name. */
  putEntry(section: Section, name: string, copy: EntryCopy): void {
    const existing = this.#find(section, name);
    if (existing !== undefined) {
      existing.set(sections[section], copy.node);
      return;
    }
    const list = this.#list(section);
    const item = new YAMLMap();
    item.items.push(new Pair(new Scalar(sections[section]), copy.node));
    item.items.push(new Pair(new Scalar('name'), textScalar(name)));
    list.items.push(item);
  }

  toText(): string {
    const options = { lineWidth: 0, indentSeq: this.#hasIndentedLists };
    if (!this.exists) {
      this.#document.set('apiVersion', new Scalar('v1'));
      this.#document.set('kind', new Scalar('Config'));
    }
    return this.#document.toString(options);
  }

  #items(section: Section): readonly YAMLMap[] {
    const list = this.#document.get(section, true);
    return isSeq(list) ? list.items.filter((item) => isMap(item)) : [];
  }

  #find(section: Section, name: string): YAMLMap | undefined {
    return this.#items(section).find((item) => item.get('name') === name);
  }

  #list(section: Section): YAMLSeq {
    const existing = this.#document.get(section, true);
    if (isSeq(existing)) {
      // `clusters: []` would be continued in one line; a file that is JSON as a whole stays JSON.
      const isJson = isMap(this.#document.contents) && this.#document.contents.flow === true;
      if (existing.items.length === 0 && !isJson) existing.flow = false;
      return existing;
    }
    const list = new YAMLSeq();
    this.#document.set(section, list);
    return list;
  }
}

/** A copy of an entry's content that can be changed before it is put into a file. */
export class EntryCopy {
  readonly node: YAMLMap;

  constructor(document: Document, content: YAMLMap) {
    // Aliases mean nothing in another place, so that the copy has none.
    const clone = hasAlias(content) ? document.createNode(content.toJS(document)) : content.clone();
    this.node = clone as YAMLMap;
    this.node.commentBefore = null;
  }

  get(field: string): string | undefined {
    const value = this.node.get(field);
    return typeof value === 'string' ? value : undefined;
  }

  set(field: string, value: string): void {
    this.node.set(field, textScalar(value));
  }

  /** Sets what programs other than kubectl keep in an entry, under a name of their own; others' stays. */
  setExtension(name: string, fields: Readonly<Record<string, string>>): void {
    const content = new YAMLMap();
    for (const [field, value] of Object.entries(fields)) content.set(field, textScalar(value));
    const item = new YAMLMap();
    item.set('extension', content);
    item.set('name', textScalar(name));
    const before = this.node.get('extensions');
    const others = isSeq(before)
      ? before.items.filter((each) => !isMap(each) || each.get('name') !== name)
      : [];
    const list = new YAMLSeq();
    list.items.push(...others, item);
    this.node.set('extensions', list);
  }
}

/** What an entry keeps under the name of an extension. */
export function extensionOf(fields: Fields, name: string): Fields | undefined {
  const list = fields['extensions'];
  if (!Array.isArray(list)) return undefined;
  const found: unknown = list.find((item: unknown) => isFields(item) && item['name'] === name);
  const content = isFields(found) ? found['extension'] : undefined;
  return isFields(content) ? content : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX)
      throw new Failure(`${path} has ${size} bytes, which is too large for a kubeconfig`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    if (error instanceof Failure) throw error;
    throw new Failure(`cannot read the kubeconfig ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

// Whoever reads the file next may take a bare `123` or `yes` for something else than text.
function textScalar(value: string): Scalar {
  const scalar = new Scalar(value);
  if (!/^[A-Za-z][\w./:@~+-]*$/.test(value) || AMBIGUOUS.test(value) || value.endsWith(':')) {
    scalar.type = 'QUOTE_DOUBLE';
  }
  return scalar;
}

const AMBIGUOUS = /^(y|n|yes|no|on|off|true|false|null)$/i;

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && (node.value === null || node.value === '');
}

function hasAlias(node: Node): boolean {
  return /(^|[\s[{,])[*&]\S/.test(String(node));
}
