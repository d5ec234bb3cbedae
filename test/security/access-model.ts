/*
 * Who may do what in the access table: a model that shares nothing with the server. Two workspaces, `mine` and
 * `theirs`, each with an owner, and `root`, which everybody may enter.
 */

export type Identity =
  | 'nobody'
  | 'a wrong token'
  | 'the administrator'
  | 'my owner'
  | 'my reader'
  | 'their owner'
  | 'my service account'
  | 'their service account';

export const IDENTITIES: readonly Identity[] = [
  'nobody',
  'a wrong token',
  'the administrator',
  'my owner',
  'my reader',
  'their owner',
  'my service account',
  'their service account',
];

/** Where a URL points: `bare` has no prefix, and `impossible` is a name that no workspace can have. */
export type Where = 'bare' | 'root' | 'mine' | 'theirs' | 'missing' | 'system:admin' | 'impossible' | Door;

/**
 * Workspaces that are mounted from a server elsewhere, by where they lie and what they are called; what is behind a
 * shut one is not ready.
 */
export type Door = `${'root' | 'mine' | 'theirs'}:${'door' | 'shut'}`;

export const DOORS: readonly Door[] = [
  'root:door',
  'root:shut',
  'mine:door',
  'mine:shut',
  'theirs:door',
  'theirs:shut',
];

export const PLACES: readonly Where[] = [
  'bare',
  'root',
  'mine',
  'theirs',
  'missing',
  'system:admin',
  'impossible',
  ...DOORS,
];

/** In which workspace a door is; undefined for what is none. */
export function wallOf(where: Where): 'root' | 'mine' | 'theirs' | undefined {
  const door = DOORS.find((one) => one === where);
  return door === undefined ? undefined : (door.slice(0, door.indexOf(':')) as 'root' | 'mine' | 'theirs');
}

/** What is asked, below the prefix of a workspace. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly type?: string;
  /** What it takes to be let pass. */
  readonly needs: Need;
  /** The status of who is let pass; absent where the object is not in that workspace. */
  readonly served: number;
}

export type Need =
  /** Nothing: everybody hears whether the member is healthy. */
  | 'health'
  /** A path that everybody reads who may enter. */
  | 'public info'
  | 'discovery'
  /** A question about oneself. */
  | 'self review'
  /** Reading config maps: what readers and the service account of the workspace may. */
  | 'read config maps'
  /** Seeing workspaces and what they are made of, in the root of their tree. */
  | 'tenancy'
  /** Everything else is the owner's. */
  | 'ownership';

type Right = 'enter' | Exclude<Need, 'health'>;

const LOGGED_IN: readonly Right[] = ['public info', 'discovery', 'self review'];

/** What an identity has in a workspace. To have rights is of no use to who may not enter. */
function rightsIn(identity: Identity, workspace: Where): ReadonlySet<Right> {
  const isLoggedIn = identity !== 'nobody' && identity !== 'a wrong token';
  const rights: Right[] = isLoggedIn ? [...LOGGED_IN] : ['public info'];
  const whose = workspace === 'mine' ? 'my' : workspace === 'theirs' ? 'their' : undefined;
  if (workspace === 'root' && isLoggedIn) rights.push('enter', 'tenancy');
  if (whose !== undefined && identity === `${whose} owner`)
    rights.push('enter', 'ownership', 'read config maps');
  if (whose !== undefined && identity === `${whose} reader`) rights.push('enter', 'read config maps');
  if (whose !== undefined && identity === `${whose} service account`)
    rights.push('enter', 'read config maps');
  return new Set(rights);
}

/** Which workspace a URL means for somebody: without a prefix, service accounts are at home. */
export function workspaceOf(identity: Identity, where: Where): Where {
  if (where !== 'bare') return where;
  if (identity === 'my service account') return 'mine';
  return identity === 'their service account' ? 'theirs' : 'root';
}

/** Whether somebody is let pass. */
export function isAllowed(identity: Identity, where: Where, { needs }: Operation): boolean {
  if (where === 'impossible' || identity === 'a wrong token') return false;
  if (needs === 'health' || identity === 'the administrator') return true;
  const workspace = workspaceOf(identity, where);
  if (workspace === 'missing' || workspace === 'system:admin') return false;
  const rights = rightsIn(identity, workspace);
  return rights.has('enter') && (rights.has(needs) || rights.has('ownership'));
}

/** The status that the answer must have. */
export function statusOf(identity: Identity, where: Where, operation: Operation): number {
  const { method, needs, path, served } = operation;
  const isOpen = where === 'bare' && method === 'GET' && (needs === 'health' || path === '/version');
  if (isOpen) return 200;
  if (identity === 'a wrong token') return 401;
  const wall = wallOf(where);
  // Whatever is asked, it is not forwarded; who may read the Workspace hears where to send it.
  if (wall !== undefined && needs !== 'health') {
    const isSeen = isAllowed(identity, wall, { ...operation, needs: 'tenancy' });
    return !isSeen ? 403 : where.endsWith(':shut') ? 503 : 501;
  }
  if (!isAllowed(identity, where, operation)) return 403;
  const workspace = workspaceOf(identity, where);
  // The administrator may do everything, and hears no more than others about what is not there.
  if (workspace === 'missing' && needs !== 'health') return 403;
  return served;
}

/** The least that anybody has who may enter: who lacks it may not. */
export function minimalNeed({ needs }: Operation): Operation['needs'] {
  return needs === 'health' ? 'health' : 'public info';
}

/** Only `mine` and `theirs` have the objects that the table is about. */
export function expectedStatus(identity: Identity, place: Where, operation: Operation): number {
  const status = statusOf(identity, place, operation);
  const workspace = workspaceOf(identity, place);
  const hasCanaries = workspace === 'mine' || workspace === 'theirs';
  const isAboutCanary = operation.path.includes('/canary') && [200, 415].includes(status);
  if (!hasCanaries && isAboutCanary && status === 200) return 404;
  if (!hasCanaries && status === 409) return 201;
  return status;
}

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const JSON_TYPE = 'application/json';
const PATCH = { method: 'PATCH', body: '{"data":{"a":"b"}}', type: 'application/merge-patch+json' };
const configMap = (name: string) => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"}}`;

function read(path: string, needs: Need, served = 200): Operation {
  return { method: 'GET', path, needs, served };
}

function write(method: string, path: string, body: string, served: number): Operation {
  return { method, path, body, type: JSON_TYPE, needs: 'ownership', served };
}

function review(kind: string, spec: string, needs: Need): Operation {
  const path = `/apis/authorization.k8s.io/v1/${kind}`;
  return { method: 'POST', path, body: `{"spec":${spec}}`, type: JSON_TYPE, needs, served: 201 };
}

const resourceOf = '{"resourceAttributes":{"verb":"get","resource":"secrets"}}';

const apiExport =
  '{"apiVersion":"apis.kcp.dev/v1alpha1","kind":"APIExport","metadata":{"name":"fresh"},"spec":{}}';

/** Every family of URLs with the verbs that make sense there, and some that do not. Writes are dry runs. */
export const OPERATIONS: readonly Operation[] = [
  ...['/healthz', '/livez', '/readyz'].map((path) => read(path, 'health')),
  { method: 'POST', path: '/healthz', needs: 'health', served: 405 },
  read('/version', 'public info'),
  ...[
    '/api',
    '/apis',
    '/api/v1',
    '/apis/coordination.k8s.io',
    '/apis/coordination.k8s.io/v1',
    '/openapi/v2',
    '/openapi/v3',
  ].map((path) => read(path, 'discovery')),
  read('/openapi/v3/api/v1', 'discovery'),
  read('/apis/nowhere.example.com/v1', 'discovery', 404),
  { method: 'DELETE', path: '/api', needs: 'ownership', served: 405 },
  read('/', 'ownership'),
  read('/metrics', 'ownership', 404),
  read('/nope', 'ownership', 404),
  read('/x/clusters/mine/api', 'ownership', 404),
  read('/services/apiexport/root/x', 'ownership', 404),
  read(CONFIG_MAPS, 'read config maps'),
  read('/api/v1/configmaps', 'read config maps'),
  read(`${CONFIG_MAPS}/canary`, 'read config maps'),
  read(`${CONFIG_MAPS}/missing`, 'read config maps', 404),
  read(`${CONFIG_MAPS}?watch=1&timeoutSeconds=1`, 'read config maps'),
  read('/api/v1/watch/namespaces/default/configmaps?timeoutSeconds=1', 'read config maps'),
  read(`${CONFIG_MAPS}?fieldSelector=metadata.name%3Dcanary`, 'read config maps'),
  read(`${CONFIG_MAPS}/canary/status`, 'ownership', 404),
  read(`${CONFIG_MAPS}/canary/scale`, 'ownership', 404),
  {
    method: 'DELETE',
    path: '/api/v1/watch/namespaces/default/configmaps',
    needs: 'read config maps',
    served: 405,
  },
  write('POST', `${CONFIG_MAPS}?dryRun=All`, configMap('fresh'), 201),
  write('POST', `${CONFIG_MAPS}?dryRun=All`, configMap('canary'), 409),
  write('POST', `${CONFIG_MAPS}?dryRun=All`, '{', 400),
  write('PUT', `${CONFIG_MAPS}/canary?dryRun=All`, configMap('canary'), 200),
  write('PUT', `${CONFIG_MAPS}/missing?dryRun=All`, configMap('missing'), 404),
  { ...PATCH, path: `${CONFIG_MAPS}/canary?dryRun=All`, needs: 'ownership', served: 200 },
  write('PATCH', `${CONFIG_MAPS}/canary`, '{}', 415),
  write('DELETE', `${CONFIG_MAPS}/canary?dryRun=All`, '', 200),
  write('DELETE', `${CONFIG_MAPS}?dryRun=All`, '', 200),
  write('PUT', CONFIG_MAPS, configMap('x'), 405),
  write('OPTIONS', CONFIG_MAPS, '', 405),
  read('/api/v1/namespaces', 'ownership'),
  read('/api/v1/namespaces/default', 'ownership'),
  write('PUT', '/api/v1/namespaces/default/status?dryRun=All', '{"metadata":{"name":"default"}}', 200),
  read('/api/v1/namespaces/default/secrets', 'ownership'),
  read('/api/v1/namespaces/default/secrets/canary', 'ownership'),
  read('/apis/apps/v1/namespaces/default/deployments/canary', 'ownership', 404),
  read('/apis/rbac.authorization.k8s.io/v1/clusterroles', 'ownership'),
  read('/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles', 'ownership'),
  read('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', 'ownership'),
  read('/api/v1/nothings', 'ownership', 404),
  read('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster', 'tenancy'),
  // One kind under two groups is one kind, and takes the rights to the group that is asked for.
  ...['/apis/apis.kcp.dev', '/apis/apis.kcp.dev/v1alpha1', '/openapi/v3/apis/apis.kcp.dev/v1alpha1'].map(
    (path) => read(path, 'discovery'),
  ),
  ...['apibindings', 'apiexports', 'apiresourceschemas'].flatMap((resource) => [
    read(`/apis/apis.kcp.dev/v1alpha1/${resource}`, 'ownership'),
    read(`/apis/apis.kcp.io/v1alpha1/${resource}`, 'ownership'),
    read(`/apis/apis.kcp.dev/v1alpha1/${resource}/missing`, 'ownership', 404),
    read(`/apis/apis.kcp.dev/v1alpha1/${resource}?watch=1&timeoutSeconds=1`, 'ownership'),
    write('DELETE', `/apis/apis.kcp.dev/v1alpha1/${resource}?dryRun=All`, '', 200),
  ]),
  write('POST', '/apis/apis.kcp.dev/v1alpha1/apiexports?dryRun=All', apiExport, 201),
  review('selfsubjectaccessreviews', resourceOf, 'self review'),
  review('selfsubjectrulesreviews', '{"namespace":"default"}', 'self review'),
  review('subjectaccessreviews', `{"user":"x",${resourceOf.slice(1)}`, 'ownership'),
  { ...review('subjectaccessreviews', '{}', 'ownership'), served: 422 },
  {
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: '{}',
    type: JSON_TYPE,
    needs: 'self review',
    served: 201,
  },
];
