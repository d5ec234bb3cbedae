import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const RULES = 1_000;
/** Enough for what is compiled late to be compiled. */
const WARM_UP_COUNT = { full: 20_000, quick: 500 };
const BATCHES = { full: 2_000, quick: 50 };
/** Decisions that are timed together: one is too short for the clock. */
const BATCH = 20;
const CLUSTER = 'bench';
const NAMESPACE = 'default';

/**
 * Decisions of RBAC on a cached set of 1,000 rules, in the shapes that such a set may have.
 *
 * @param {import('./options.mjs').Options} options
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export async function measureAuthorization(options) {
  const access = await import(pathToFileURL(join(dirname(dirname(options.program)), 'access/mod.js')).href);
  const pace = options.isQuick ? 'quick' : 'full';
  const rows = [];
  for (const [shape, state] of Object.entries(shapes())) {
    rows.push(await authorizationRow(new access.RbacAuthorizer(readerOf(state)), { shape, pace }));
  }
  return rows;
}

async function authorizationRow(authorizer, { shape, pace }) {
  const asked = requests();
  let allowed = 0;
  let next = 0;
  const decide = async () => {
    const decision = await authorizer.authorize(asked[next++ % asked.length]);
    if (decision.isAllowed) allowed += 1;
  };
  for (let count = 0; count < WARM_UP_COUNT[pace]; count += 1) await decide();
  const timesUs = [];
  for (let batch = 0; batch < BATCHES[pace]; batch += 1) {
    const fromMs = performance.now();
    for (let count = 0; count < BATCH; count += 1) await decide();
    timesUs.push(((performance.now() - fromMs) * 1_000) / BATCH);
  }
  if (allowed === 0 || allowed === next) throw new Error('the requests should be allowed in part');
  timesUs.sort((a, b) => a - b);
  const at = (share) => timesUs[Math.floor(timesUs.length * share)];
  return {
    name: `authorization, ${shape}, median`,
    value: at(0.5),
    unit: 'µs',
    target: { atMost: 50 },
    note: `p99 ${at(0.99).toFixed(1)} µs, ${Math.round((allowed / next) * 100)} % allowed`,
  };
}

/** Every fifth asks for what nobody may do. */
function requests() {
  return Array.from({ length: RULES }, (_, index) => ({
    user: { name: 'alice', uid: '', groups: ['team', 'system:authenticated'], extra: {} },
    cluster: CLUSTER,
    verb: index % 5 === 0 ? 'delete' : 'get',
    group: 'example.com',
    resource: `things${(index * 7) % RULES}`,
    subresource: '',
    namespace: NAMESPACE,
    name: `name${(index * 7) % RULES}`,
  }));
}

function shapes() {
  const rule = (index) => ({
    verbs: ['get', 'list', 'watch'],
    apiGroups: ['example.com'],
    resources: [`things${index}`, `things${index}/status`],
  });
  const named = (index) => ({ ...rule(index), resources: allThings, resourceNames: [`name${index}`] });
  const allThings = ['*'];
  const indices = Array.from({ length: RULES }, (_, index) => index);
  return {
    'one role of 1,000 rules': stateOf([indices.map(rule)]),
    '1,000 bindings of a role each': stateOf(indices.map((index) => [rule(index)])),
    '1,000 names of one resource': stateOf([indices.map(named)]),
  };
}

function stateOf(roles) {
  const roleRef = (index) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: `role${index}` });
  const subjects = [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'team' }];
  return {
    namespace: NAMESPACE,
    clusterRoleBindings: [],
    roleBindings: roles.map((_, index) => ({
      metadata: { name: `binding${index}` },
      roleRef: roleRef(index),
      subjects,
    })),
    clusterRole: () => undefined,
    role: (name) => ({ metadata: { name }, rules: roles[Number(name.slice('role'.length))] }),
  };
}

function readerOf(state) {
  return { revision: () => 1, read: async () => ({ revision: 1, state }) };
}
