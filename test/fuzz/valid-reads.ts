import fc from 'fast-check';
import { pathOf } from './kinds.ts';
import {
  anyAccept,
  anyKind,
  find,
  JSON_TYPE,
  place,
  protocol,
  selector,
  send,
  target,
  withQuery,
} from './places.ts';
import type { Plan } from './plan.ts';
import { pick, toJson, word } from './values.ts';

const page = pick(
  [6, ''],
  [3, 'limit=2'],
  [2, 'limit=2&continue=$continue'],
  [1, 'limit=1&resourceVersion=0'],
  [1, 'limit=500'],
  [1, 'resourceVersion=0&resourceVersionMatch=NotOlderThan'],
  [1, 'resourceVersion=$revision&resourceVersionMatch=Exact'],
  [1, 'resourceVersion=$revision'],
);

export function getRequest(): fc.Arbitrary<Plan> {
  const query = pick(
    [8, ''],
    [1, 'resourceVersion=0'],
    [1, 'resourceVersion=1'],
    [1, 'pretty=true'],
    [1, 'includeObject=Object'],
  );
  return fc
    .record({
      kind: anyKind,
      place,
      query,
      accept: anyAccept(''),
      protocol,
      isStatus: pick([9, false], [1, true]),
    })
    .map(
      (wish): Plan =>
        (world) => {
          const path = pathOf(wish.kind, target(world, wish.kind, wish.place));
          const status = wish.isStatus && wish.kind.hasStatus ? '/status' : '';
          return send(world, wish, { method: 'GET', path: withQuery(path + status, wish.query) });
        },
    );
}

export function listRequest(): fc.Arbitrary<Plan> {
  const scope = pick([5, true], [1, false]);
  return fc
    .record({
      kind: anyKind,
      place,
      scope,
      query: fc.tuple(selector, page),
      accept: anyAccept('List'),
      protocol,
    })
    .map(
      (wish): Plan =>
        (world) => {
          const path = pathOf(wish.kind, wish.scope ? { namespace: wish.place.namespace } : {});
          const revision = find(world, wish.kind, { ...wish.place, isLive: true })?.resourceVersion ?? '0';
          const query = wish.query
            .filter((part) => part !== '')
            .join('&')
            .replace('$revision', revision)
            .replace('$continue', world.pages.get(path) ?? '');
          return send(world, wish, { method: 'GET', path: withQuery(path, query) });
        },
    );
}

export function watchRequest(): fc.Arbitrary<Plan> {
  const query = pick(
    [3, 'watch=1&timeoutSeconds=1'],
    [1, 'watch=true&resourceVersion=0&allowWatchBookmarks=true'],
    [1, 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'],
    [1, 'watch=1&labelSelector=app%3Da'],
    [1, 'watch=1&resourceVersion=1'],
    [2, 'watch=1&timeoutSeconds=1&resourceVersion=$revision'],
  );
  return fc.record({ kind: anyKind, place, query, accept: anyAccept(''), protocol }).map(
    (wish): Plan =>
      (world) =>
        send(world, wish, {
          method: 'GET',
          path: withQuery(
            pathOf(wish.kind, { namespace: wish.place.namespace }),
            wish.query.replace('$revision', find(world, wish.kind, wish.place)?.resourceVersion ?? '0'),
          ),
        }),
  );
}

export function reviewRequest(): fc.Arbitrary<Plan> {
  const attributes = fc.record({
    verb: word,
    resource: fc.constantFrom('configmaps', '*'),
    namespace: fc.constantFrom('fuzz-a', ''),
  });
  const review = attributes.chain((resourceAttributes) =>
    fc.constantFrom<readonly [string, string, unknown]>(
      ['authorization.k8s.io', 'SelfSubjectAccessReview', { resourceAttributes }],
      ['authorization.k8s.io', 'SubjectAccessReview', { user: 'jane', resourceAttributes }],
      ['authorization.k8s.io', 'SelfSubjectRulesReview', { namespace: 'fuzz-a' }],
      ['authentication.k8s.io', 'SelfSubjectReview', undefined],
      ['authentication.k8s.io', 'TokenReview', { token: 'x' }],
    ),
  );
  return fc
    .record({
      review,
      accept: pick([3, JSON_TYPE], [1, 'application/vnd.kubernetes.protobuf'], [1, 'application/yaml']),
      protocol,
    })
    .map(
      (wish): Plan =>
        (world) => {
          const [group, kind, spec] = wish.review;
          const body = Buffer.from(toJson({ apiVersion: `${group}/v1`, kind, spec }));
          return send(world, wish, {
            method: 'POST',
            path: `/apis/${group}/v1/${kind.toLowerCase()}s`,
            headers: { 'content-type': JSON_TYPE },
            body,
          });
        },
    );
}

export function documentRequest(): fc.Arbitrary<Plan> {
  const path = pick(
    [2, '/api'],
    [2, '/apis'],
    [2, '/api/v1'],
    [1, '/apis/fuzz.example.com'],
    [2, '/apis/fuzz.example.com/v1'],
    [1, '/version'],
    [1, '/openapi/v3'],
    [1, '/openapi/v3/apis/fuzz.example.com/v1'],
    [1, '/readyz?verbose'],
    [1, '/'],
  );
  const accept = pick(
    [3, JSON_TYPE],
    [2, 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'],
    [1, '*/*'],
  );
  return fc.record({ path, accept, protocol }).map(
    (wish): Plan =>
      (world) =>
        send(world, wish, { method: 'GET', path: wish.path }),
  );
}
