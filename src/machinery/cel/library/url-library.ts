import {
  escapedPath,
  formatGoUrl,
  fromByteText,
  type GoUrl,
  hostnameOf,
  isRequestUri,
  parseGoUrl,
  portOf,
  queryOf,
  requestUriError,
  UrlError,
} from '../../go/mod.ts';
import type { FunctionDeclaration, Overload } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import { boolType, CelType, listType, mapType, stringType } from '../types.ts';
import { CelArray, CelError, CelMap, CelOpaque, type CelResult, type CelValue } from '../values.ts';
import { faultOf } from './faults.ts';
import { callOf, methodOf } from './signatures.ts';

export const urlType = new CelType({ kind: 'object', name: 'kubernetes.URL' });

/** An absolute URL, or an absolute path. */
export class CelUrl extends CelOpaque {
  readonly type = urlType;
  readonly url: GoUrl;

  constructor(url: GoUrl) {
    super();
    this.url = url;
  }

  equals(other: CelValue): boolean | CelError {
    if (!(other instanceof CelUrl)) return noSuchOverload;
    return formatGoUrl(this.url) === formatGoUrl(other.url);
  }
}

/** Kubernetes' functions on URLs. */
export const urlFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'url',
    overloads: [{ id: 'string_to_url', ...callOf([stringType], urlType), evaluate: toUrl }],
  },
  {
    name: 'isURL',
    overloads: [
      {
        id: 'is_url_string',
        ...callOf([stringType], boolType),
        evaluate: isRequestUri,
      },
    ],
  },
  accessor('getScheme', 'url_get_scheme', ({ scheme }) => scheme),
  accessor('getHost', 'url_get_host', ({ host }) => host),
  accessor('getHostname', 'url_get_hostname', hostnameOf),
  accessor('getPort', 'url_get_port', portOf),
  accessor('getEscapedPath', 'url_get_escaped_path', escapedPath),
  {
    name: 'getQuery',
    overloads: [
      {
        id: 'url_get_query',
        ...methodOf([urlType], mapType(stringType, listType(stringType))),
        evaluate: ({ url }: CelUrl) => new QueryMap(queryOf(url)),
      },
    ],
  },
];

function accessor(name: string, id: string, read: (url: GoUrl) => string): FunctionDeclaration {
  const evaluate = ({ url }: CelUrl) => fromByteText(read(url));
  const overload: Overload = { id, ...methodOf([urlType], stringType), evaluate };
  return { name, overloads: [overload] };
}

function toUrl(text: string): CelResult {
  const prefix = 'URL parse error during conversion from string: ';
  // Only ParseRequestURI insists on something absolute, and only Parse understands fragments.
  const problem = requestUriError(text);
  if (problem !== undefined) return new CelError(prefix + problem);
  return faultOf(UrlError, () => new CelUrl(parseGoUrl(text)), prefix);
}

/** The parameters of a query: lists of values by key. */
class QueryMap extends CelMap {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    super();
    this.#values = values;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: CelValue): CelResult | undefined {
    const values = typeof key === 'string' ? this.#values.get(key) : undefined;
    return values === undefined ? undefined : new CelArray(values);
  }

  keys(): Iterable<CelValue> {
    return this.#values.keys();
  }
}
