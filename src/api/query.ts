import { newBadRequest } from '../machinery/mod.ts';

/** The query of a URL: case-sensitive, and of a repeated parameter the first counts (dryRun takes all). */
export class Query {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  private constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** Throws 400 when a parameter cannot be decoded. `text` is what follows the question mark. */
  static parse(text: string): Query {
    if (text === '') return NO_QUERY;
    const values = new Map<string, string[]>();
    for (const part of text.split('&')) {
      if (part === '') continue;
      const equals = part.indexOf('=');
      const name = decode(equals < 0 ? part : part.slice(0, equals));
      const value = equals < 0 ? '' : decode(part.slice(equals + 1));
      const list = values.get(name);
      if (list === undefined) values.set(name, [value]);
      else list.push(value);
    }
    return new Query(values);
  }

  /** The first value, or undefined when the parameter is absent. */
  first(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  /** The first value, or the empty text. */
  text(name: string): string {
    return this.first(name) ?? '';
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** As upstream reads booleans from a query: present and neither `false` (in any case) nor `0`. */
  flag(name: string): boolean {
    const value = this.first(name)?.toLowerCase();
    return value !== undefined && value !== 'false' && value !== '0';
  }

  /** A whole number; 400 otherwise. Undefined when absent or empty. */
  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === '') return undefined;
    if (!/^[+-]?[0-9]{1,19}$/.test(value)) {
      throw newBadRequest(`strconv.ParseInt: parsing "${value}": invalid syntax`);
    }
    return Number(value);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw newBadRequest(`invalid URL escape in the query: ${(cause as Error).message}`);
  }
}

const NO_QUERY = Query.parse('&');
