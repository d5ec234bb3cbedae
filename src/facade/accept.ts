/** One clause of an Accept header. */
export interface AcceptClause {
  /** Lower-case, without parameters. */
  readonly mediaType: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const CLAUSES_MAX = 32;
const NOTHING: readonly AcceptClause[] = [];
const PLAIN: readonly AcceptClause[] = [{ mediaType: '*/*', parameters: new Map() }];

/**
 * The clauses of an Accept header by preference: higher q first, then as sent; q=0 is but the lowest, as
 * upstream has it. Parsed by hand, since OpenAPI clients send media types with `@` that strict parsers refuse.
 */
export function parseAccept(header: string | undefined): readonly AcceptClause[] {
  if (header === undefined || header.trim() === '') return PLAIN;
  const weighted: { readonly clause: AcceptClause; readonly q: number }[] = [];
  for (const text of header.split(',', CLAUSES_MAX)) {
    const [type = '', ...rest] = text.split(';');
    const mediaType = type.trim().toLowerCase();
    if (mediaType === '') continue;
    const parameters = new Map<string, string>();
    for (const parameter of rest) {
      const equals = parameter.indexOf('=');
      if (equals < 0) continue;
      const value = parameter.slice(equals + 1).trim();
      parameters.set(parameter.slice(0, equals).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
    }
    const q = Number(parameters.get('q') ?? 1);
    weighted.push({ clause: { mediaType, parameters }, q: Number.isNaN(q) ? 1 : q });
  }
  if (weighted.length === 0) return NOTHING;
  return weighted.sort((a, b) => b.q - a.q).map(({ clause }) => clause);
}

/** The media type of a Content-Type header: lower-case, without parameters; empty when there is none. */
export function mediaTypeOf(header: string | undefined): string {
  if (header === undefined) return '';
  return (header.split(';', 1)[0] ?? '').trim().toLowerCase();
}
