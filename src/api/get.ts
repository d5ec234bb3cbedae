import type { Authorized } from '../access/mod.ts';
import { newBadRequest, newNotFound, parseFieldSelector } from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { rowInVersion } from './conversion.ts';
import type { Format } from './format.ts';
import type { Query } from './query.ts';
import { renderRow, viewOf } from './render.ts';
import { parseResourceVersion, reach } from './revision.ts';
import { assertInSight } from './sight.ts';
import { groupResource, objectKey, resolve, type Target } from './target.ts';

/** GET of an item (or its status): the newest durable state, at least as new as a named resourceVersion. */
export function get(
  api: Api,
  request: {
    readonly target: Authorized<Target>;
    readonly query: Query;
    readonly format: Format;
    readonly context: RequestContext;
  },
): Buffer | Promise<Buffer> {
  const { target, query, format } = request;
  const resource = resolve(api, target);
  if (query.has('fieldSelector')) assertSelectsName(query, target.name);
  const named = parseResourceVersion(resource.revisions, query.text('resourceVersion'));
  const read = (): Buffer | Promise<Buffer> => {
    const key = objectKey(resource);
    const stored = api.store.get(key);
    if (stored === undefined) throw newNotFound(groupResource(resource), target.name);
    assertInSight(resource, key, stored);
    const view = viewOf(resource, { format, nowMs: api.store.nowMs() });
    const row = rowInVersion(api, view, stored, request.context);
    return row instanceof Promise ? row.then((it) => renderRow(view, key, it)) : renderRow(view, key, row);
  };
  // The common case stays synchronous: a read costs no turn of the event loop.
  if (named === undefined) return read();
  return reach(api, { resource, named, context: request.context }).then(read);
}

function assertSelectsName(query: Query, name: string): void {
  const selected = parseFieldSelector(query.text('fieldSelector')).exact('metadata.name');
  if (selected !== undefined && selected !== name) {
    throw newBadRequest("fieldSelector metadata.name doesn't match requested name");
  }
}
