import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { type Route, routePath } from '../../src/facade/path.ts';
import { useArena } from './suite.ts';

const arena = useArena();
afterEach(() => arena.assertUnharmed());

/** Paths of every kind of route that there is: whoever adds a kind has to add it here. */
const ROUTES: Readonly<Record<Route['kind'], readonly string[]>> = {
  resource: [
    '/api/v1/namespaces/default/configmaps/guarded',
    '/api/v1/secrets',
    '/api/v1/namespaces/default/serviceaccounts/default/token',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    '/apis/core.kcp.io/v1alpha1/logicalclusters/cluster/status',
    '/apis/core.kcp.io/v1alpha1/shards',
    '/apis/tenancy.kcp.io/v1alpha1/workspaces/~',
    '/apis/apis.kcp.io/v1alpha2/apiexports',
    '/apis/apis.kcp.dev/v1alpha1/apibindings',
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    '/api/v1/watch/secrets',
  ],
  root: ['/'],
  version: ['/version'],
  health: ['/healthz', '/livez', '/readyz', '/readyz/ping'],
  'core-versions': ['/api'],
  groups: ['/apis'],
  group: ['/apis/apis.kcp.io'],
  resources: ['/api/v1', '/apis/apis.kcp.io/v1alpha2'],
  'openapi-v2': ['/openapi/v2'],
  'openapi-v3-index': ['/openapi/v3'],
  'openapi-v3': ['/openapi/v3/api/v1'],
  'openid-configuration': ['/.well-known/openid-configuration'],
  'openid-keys': ['/openid/v1/jwks'],
  planet: ['/planet/status', '/planet/members', '/planet/join-tokens', '/planet/shards/root/promote'],
  unknown: ['/metrics', '/debug/pprof/', '/nope', '/shards/root/api/v1/secrets', '/cache/api/v1/secrets'],
};

/** What may stand before a path. */
const PREFIXES = [
  '',
  '/clusters/root',
  '/clusters/victim',
  '/clusters/nowhere',
  '/clusters/root:victim',
  '/clusters/victim:child',
  '/clusters/user:victim',
  '/clusters/system:admin',
  '/clusters/system:bound-crds',
  '/clusters/*',
  '/services/apiexport/root/tenancy.kcp.io/clusters/*',
  '/services/apiexport/root/tenancy.kcp.io/clusters/victim',
  '/services/apiexport/victim/none/clusters/victim',
  '/services/apiresourceschema/victim/clusters/*',
  '/services/apiresourceschema/victim/clusters/victim',
  '/services/initializingworkspaces/root:universal/clusters/*',
  '/services/initializingworkspaces/root:universal/clusters/victim',
  '/services/terminatingworkspaces/root:universal/clusters/*',
  '/services/terminatingworkspaces/root:universal/clusters/victim',
  '/services/replication/root/slice/clusters/*',
  '/services/cache/shards/root/clusters/victim',
  '/services/cache/shards/*/clusters/*',
  '/services/none/clusters/victim',
  '/services',
  '/shards/root/services/apiexport/root/tenancy.kcp.io/clusters/*',
];

/** All that is answered to whoever has no credentials, and it is only read. */
const isOpen = (prefix: string, path: string): boolean =>
  (prefix === '' && path === '/version') || /^\/(healthz|livez|readyz)(\/ping)?$/.test(path);

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

describe('without credentials', () => {
  test.each(PREFIXES)(
    'nothing below %s is answered but with a refusal',
    { timeout: 60_000 },
    async (prefix) => {
      const answered: string[] = [];
      const paths = Object.values(ROUTES).flat();
      const questions = paths.flatMap((path) => METHODS.map((method) => ({ path, method })));
      const rest = questions.values();
      const walker = async (): Promise<void> => {
        for (const { path, method } of rest) {
          const body = method === 'GET' || method === 'HEAD' ? {} : { body: {} };
          const reply = await arena.attack(prefix + path, { method, token: null, ...body });
          // Health that is asked for in a way that there is not is told so.
          const isRefused =
            [401, 403].includes(reply.status) || (isOpen(prefix, path) && reply.status === 405);
          if (!isRefused && !(isOpen(prefix, path) && method === 'GET')) {
            answered.push(`${method} ${prefix}${path}: ${reply.status} ${reply.text.slice(0, 100)}`);
          }
        }
      };
      await Promise.all(Array.from({ length: 8 }, walker));
      expect(answered).toEqual([]);
    },
  );

  test('every kind of route is walked', () => {
    for (const [kind, paths] of Object.entries(ROUTES)) {
      for (const path of paths) expect(routePath(path).route.kind, path).toBe(kind);
    }
  });
});

/*
 * A handler beside the router would be a door without a lock. There is one listener, with one route that takes
 * everything, and what it calls authenticates before it looks at anything but the list above.
 */
test('there is one listener to objects, and it has one route', () => {
  const root = fileURLToPath(new URL('../../src', import.meta.url));
  const places = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('.suite.ts'))
    .flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const doors = text.match(
        /\b(createServer|createSecureServer)\(|\bapp\.(route|get|post|put|patch|delete|all|register|addHook)\(|\.on\('(request|stream|upgrade|connect)'/g,
      );
      return (doors ?? []).map((door) => `${path} ${door}`);
    });
  expect(places.sort()).toEqual([
    // Of `antipode planet`, on this machine alone: a socket that only its owner may open, the bytes of NATS servers that ask for
    // passwords themselves, and a look whether a port is free. None of them reaches an object.
    'cli/planet/control.ts createServer(',
    'cli/planet/link.ts createServer(',
    'cli/planet/ports.ts createServer(',
    'facade/server.ts app.route(',
    'facade/server.ts createSecureServer(',
    // Looks at how long streams take, and answers none.
    "facade/session-limits.ts .on('stream'",
  ]);
});
