import type { ResourceAttributes } from '../access/mod.ts';
import { selectedName } from '../api/mod.ts';
import type { ClusterScope } from '../base/mod.ts';
import { newMethodNotAllowed } from '../machinery/mod.ts';
import type { Exchange } from './exchange.ts';
import type { ResourcePath } from './path.ts';

/** The verb that a request is judged by, as upstream reads it from method and path, whether or not that is served. */
export function verbOf(exchange: Exchange, path: ResourcePath): string {
  if (path.isWatch) return 'watch';
  const isItem = path.name !== '';
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      if (isItem) return 'get';
      return exchange.query.flag('watch') ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return isItem ? 'delete' : 'deletecollection';
    default:
      return '';
  }
}

/** What may be read by name may be listed and watched under that name, and nothing else. */
export function questionOf<Asked extends ResourceAttributes<ClusterScope>>(
  exchange: Exchange,
  target: Asked,
): Asked {
  const isCollection = target.name === '' && (target.verb === 'list' || target.verb === 'watch');
  if (!isCollection || !exchange.query.has('fieldSelector')) return target;
  const name = selectedName(exchange.query);
  return name === undefined ? target : { ...target, name };
}

/** 405 for what no kind has at such a path. The deprecated watch paths are for watching: no second door to the objects. */
export function assertMethod(exchange: Exchange, path: ResourcePath): void {
  const { method } = exchange;
  const isItem = path.name !== '';
  const isServed = path.isWatch
    ? method === 'GET'
    : method === 'GET' ||
      method === 'DELETE' ||
      (method === 'POST' && (!isItem || path.subresource !== '')) ||
      ((method === 'PUT' || method === 'PATCH') && isItem);
  if (isServed) return;
  throw newMethodNotAllowed({ group: path.group, resource: path.resource }, method.toLowerCase());
}

export function hasBody(exchange: Exchange): boolean {
  const { request } = exchange;
  const { headers } = request;
  // HTTP/2 needs neither a length nor a type for a body: options that were missed would make a dry run real.
  if ('stream' in request) return !request.stream.endAfterHeaders;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
