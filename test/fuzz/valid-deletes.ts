import fc from 'fast-check';
import { pathOf } from './kinds.ts';
import {
  anyAccept,
  anyKind,
  dryRun,
  find,
  JSON_TYPE,
  nameFor,
  place,
  protocol,
  selector,
  send,
  withQuery,
} from './places.ts';
import type { Plan } from './plan.ts';
import { pick } from './values.ts';

const deleteOptions = pick<string | undefined>(
  [8, undefined],
  [1, '{"propagationPolicy":"Foreground"}'],
  [1, '{"propagationPolicy":"Orphan"}'],
  [1, '{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0}'],
  [1, '{"preconditions":{"uid":"other"}}'],
  [2, '{"preconditions":{"uid":"$uid","resourceVersion":"$revision"}}'],
  [1, '{"dryRun":["All"]}'],
);

export function deleteRequest(): fc.Arbitrary<Plan> {
  return fc
    .record({ kind: anyKind, place, options: deleteOptions, query: dryRun, accept: anyAccept(''), protocol })
    .map(
      (wish): Plan =>
        (world) => {
          const live = find(world, wish.kind, wish.place);
          const where = live ?? nameFor(wish.kind, wish.place);
          const options = wish.options
            ?.replace('$uid', live?.uid ?? '')
            .replace('$revision', live?.resourceVersion ?? '1');
          // Namespaces of which everything hangs on come back slowly: they are deleted now and then only.
          const isSpared = wish.kind.kind === 'Namespace' && wish.place.index % 10 !== 0;
          const method = isSpared ? 'GET' : 'DELETE';
          const body =
            options === undefined || isSpared
              ? {}
              : { body: Buffer.from(options), headers: { 'content-type': JSON_TYPE } };
          return send(world, wish, {
            method,
            path: withQuery(pathOf(wish.kind, where), wish.query),
            ...body,
          });
        },
    );
}

export function deleteCollectionRequest(): fc.Arbitrary<Plan> {
  return fc
    .record({
      kind: anyKind,
      place,
      query: fc.tuple(selector, dryRun),
      accept: pick([1, JSON_TYPE]),
      protocol,
    })
    .map(
      (wish): Plan =>
        (world) =>
          send(world, wish, {
            method: 'DELETE',
            path: withQuery(
              pathOf(wish.kind, { namespace: wish.place.namespace }),
              wish.query.filter((part) => part !== '').join('&'),
            ),
          }),
    );
}
