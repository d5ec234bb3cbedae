import { EVERYWHERE, type LogicalCluster, parseLogicalCluster, ROOT_CLUSTER } from '../base/mod.ts';

/** What a path of a resource names, before anybody knows whether it exists. */
export interface ResourcePath {
  readonly kind: 'resource';
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** The deprecated `/watch/` form. */
  readonly isWatch: boolean;
}

/** Where a request goes within one logical cluster. */
export type Route =
  | ResourcePath
  | { readonly kind: 'root' }
  | { readonly kind: 'version' }
  | { readonly kind: 'health'; readonly endpoint: string; readonly check: string }
  | { readonly kind: 'core-versions' }
  | { readonly kind: 'groups' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'resources'; readonly group: string; readonly version: string }
  | { readonly kind: 'openapi-v2' }
  | { readonly kind: 'openapi-v3-index' }
  | { readonly kind: 'openapi-v3'; readonly document: string }
  | { readonly kind: 'openid-configuration' }
  | { readonly kind: 'openid-keys' }
  | { readonly kind: 'planet'; readonly segments: readonly string[] }
  | { readonly kind: 'unknown' };

/** What a path names before its `/clusters/`: somebody's view of logical clusters. */
export interface ServicePath {
  readonly name: string;
  /** The segments between the name and `/clusters/`, as they were sent. */
  readonly parameters: readonly string[];
}

export interface RoutedPath {
  /** Undefined: the path names a logical cluster that cannot exist, or all of them. */
  readonly cluster: LogicalCluster | undefined;
  /** The path is about all logical clusters at once: `/clusters/*`. */
  readonly isEverywhere: boolean;
  readonly service: ServicePath | undefined;
  /** What is read has to be what the home has now: the path began with `/consistency/home`. */
  readonly isHomeConsistent?: true;
  /** The cluster's prefix as it was sent, or empty on the bare URL. */
  readonly prefix: string;
  /** What follows the prefix, as it was sent. */
  readonly path: string;
  readonly route: Route;
}

const UNKNOWN: Route = { kind: 'unknown' };
const CLUSTERS = '/clusters/';
const SERVICES = '/services/';
/** For kubeconfigs, whose clients put no parameters into their requests. */
const HOME_CONSISTENCY = '/consistency/home';
const HEALTH = ['healthz', 'livez', 'readyz'];
const SEGMENTS_MAX = 16;

/** How Go's programs send `*`: net/url knows of no path in which it may stand as it is, so client-go and kubectl ask for this. */
const EVERYWHERE_IN_GO = '%2A';

/**
 * Routes the raw path of a URL. The segments of cluster and service are matched as they were sent, never decoded
 * (`*` has two spellings, in exactly these letters); every other segment is decoded once, and one that then holds a slash, a control character or a dot segment
 * names nothing. There is one `/clusters/` in a path: what follows it names nothing outside the cluster.
 */
export function routePath(rawPath: string): RoutedPath {
  const inner = rawPath.slice(HOME_CONSISTENCY.length);
  const isHomeConsistent =
    rawPath.startsWith(HOME_CONSISTENCY) && (inner.startsWith(CLUSTERS) || inner.startsWith(SERVICES));
  if (!isHomeConsistent) return routeHere(rawPath);
  const routed = routeHere(inner);
  return { ...routed, prefix: HOME_CONSISTENCY + routed.prefix, isHomeConsistent };
}

function routeHere(rawPath: string): RoutedPath {
  if (rawPath.startsWith(SERVICES)) return routeService(rawPath);
  if (rawPath.startsWith(CLUSTERS)) return routeClusters(rawPath, { from: 0, service: undefined });
  return {
    cluster: ROOT_CLUSTER,
    isEverywhere: false,
    service: undefined,
    prefix: '',
    path: rawPath,
    route: routeInCluster(rawPath),
  };
}

function routeClusters(
  rawPath: string,
  place: { readonly from: number; readonly service: ServicePath | undefined },
): RoutedPath {
  const start = place.from + CLUSTERS.length;
  const slash = rawPath.indexOf('/', start);
  const end = slash < 0 ? rawPath.length : slash;
  const segment = rawPath.slice(start, end);
  const path = slash < 0 ? '/' : rawPath.slice(end);
  return {
    cluster: parseLogicalCluster(segment),
    isEverywhere: segment === EVERYWHERE || segment === EVERYWHERE_IN_GO,
    service: place.service,
    prefix: rawPath.slice(0, end),
    path,
    route: routeInCluster(path),
  };
}

/** `/services/<name>/<parameters>/clusters/…`: how many parameters there are depends on the service. */
function routeService(rawPath: string): RoutedPath {
  const [, , name = '', ...segments] = rawPath.split('/', SERVICE_SEGMENTS_MAX);
  const count = SERVICE_PARAMETERS[name];
  const parameters = segments.slice(0, count);
  const from = ['', 'services', name, ...parameters].join('/').length;
  const isWhole = count !== undefined && parameters.every((one) => SERVICE_PARAMETER.test(one));
  if (isWhole && rawPath.startsWith(CLUSTERS, from)) {
    return routeClusters(rawPath, { from, service: { name, parameters } });
  }
  return {
    cluster: undefined,
    isEverywhere: false,
    service: { name, parameters: [] },
    prefix: rawPath,
    path: '/',
    route: UNKNOWN,
  };
}

// As kcp has them: what stands between a service's name and the logical clusters.
const SERVICE_PARAMETERS: Readonly<Partial<Record<string, number>>> = Object.assign(Object.create(null), {
  apiexport: 2,
  apiresourceschema: 1,
  initializingworkspaces: 1,
  terminatingworkspaces: 1,
});
const SERVICE_SEGMENTS_MAX = 6;
// Names of objects and logical clusters, and colons between them; nothing that could be encoded.
const SERVICE_PARAMETER = /^[A-Za-z0-9]([-A-Za-z0-9._:]{0,510}[A-Za-z0-9])?$/;

function routeInCluster(path: string): Route {
  const segments = segmentsOf(path);
  if (segments === undefined) return UNKNOWN;
  const [first, ...rest] = segments;
  switch (first) {
    case undefined:
      return { kind: 'root' };
    case 'api':
      return routeApi(rest);
    case 'apis':
      return routeApis(rest);
    case 'version':
      return rest.length === 0 ? { kind: 'version' } : UNKNOWN;
    case 'openapi':
      return routeOpenApi(rest);
    case '.well-known':
      return isPath(rest, 'openid-configuration') ? { kind: 'openid-configuration' } : UNKNOWN;
    case 'planet':
      return rest.length === 0 ? UNKNOWN : { kind: 'planet', segments: rest };
    case 'openid':
      return isPath(rest, 'v1', 'jwks') ? { kind: 'openid-keys' } : UNKNOWN;
  }
  if (HEALTH.includes(first)) return { kind: 'health', endpoint: first, check: rest.join('/') };
  return UNKNOWN;
}

function isPath(segments: readonly string[], ...names: readonly string[]): boolean {
  return segments.length === names.length && names.every((name, index) => segments[index] === name);
}

function routeApi(segments: readonly string[]): Route {
  const [version, ...rest] = segments;
  if (version === undefined) return { kind: 'core-versions' };
  if (rest.length === 0) return { kind: 'resources', group: '', version };
  return routeResource('', version, rest);
}

function routeApis(segments: readonly string[]): Route {
  const [group, version, ...rest] = segments;
  if (group === undefined) return { kind: 'groups' };
  if (version === undefined) return { kind: 'group', group };
  if (rest.length === 0) return { kind: 'resources', group, version };
  return routeResource(group, version, rest);
}

function routeResource(group: string, version: string, segments: readonly string[]): Route {
  const isWatch = segments[0] === 'watch' && segments.length > 1;
  const parts = isWatch ? segments.slice(1) : segments;
  const [first, second, third] = parts;
  if (first === 'namespaces' && second !== undefined && third !== undefined && !isOwnSubresource(third)) {
    // Namespaces lie in none, although their own URLs name one.
    if (group === '' && third === 'namespaces') return UNKNOWN;
    return resourceRoute({ group, version, namespace: second, parts: parts.slice(2), isWatch });
  }
  // The URL of a namespace names the namespace twice: as the object, and as where its RoleBindings apply.
  const namespace = first === 'namespaces' && group === '' ? (second ?? '') : '';
  return resourceRoute({ group, version, namespace, parts, isWatch });
}

function isOwnSubresource(segment: string): boolean {
  return segment === 'status' || segment === 'finalize';
}

function resourceRoute(options: {
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly parts: readonly string[];
  readonly isWatch: boolean;
}): Route {
  const { group, version, namespace, parts, isWatch } = options;
  const [resource = '', name = '', subresource = '', ...tooMany] = parts;
  if (tooMany.length > 0) return UNKNOWN;
  return { kind: 'resource', group, version, resource, subresource, namespace, name, isWatch };
}

function routeOpenApi(segments: readonly string[]): Route {
  const [version, ...rest] = segments;
  if (version === 'v2' && rest.length === 0) return { kind: 'openapi-v2' };
  if (version !== 'v3') return UNKNOWN;
  return rest.length === 0 ? { kind: 'openapi-v3-index' } : { kind: 'openapi-v3', document: rest.join('/') };
}

/** The decoded segments; a trailing slash counts as none. Undefined when one of them cannot name anything. */
function segmentsOf(path: string): string[] | undefined {
  const parts = path.split('/');
  parts.shift();
  if (parts.at(-1) === '') parts.pop();
  if (parts.length > SEGMENTS_MAX) return undefined;
  for (let index = 0; index < parts.length; index++) {
    const segment = decodeSegment(parts[index]!);
    if (segment === undefined) return undefined;
    parts[index] = segment;
  }
  return parts;
}

function decodeSegment(raw: string): string | undefined {
  if (raw === '') return undefined;
  let text = raw;
  if (raw.includes('%')) {
    try {
      text = decodeURIComponent(raw);
    } catch {
      return undefined;
    }
  }
  if (text === '.' || text === '..' || text.includes('/') || hasControlCharacter(text)) return undefined;
  return text;
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
