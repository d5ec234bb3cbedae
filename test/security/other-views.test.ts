import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { clusterRole, clusterRoleBinding, userOf } from '../access/suite.ts';
import { useMember } from '../conformance/suite.ts';
import { APIS, bindingOf, exportOf, SCHEMAS, schemaOf, WIDGETS } from '../exports/suite.ts';
import type { Reply } from '../http/client.ts';
import type { InProcessOptions } from '../support/in-process.ts';
import { CORE, TENANCY, Tree, type Workspace } from '../workspaces/suite.ts';
import { inBatches, shown } from './access-world.ts';

/*
 * Who may do what by the views of bound schemas and of workspaces that begin and end: a model that shares nothing with
 * the server. `cons` has bound what `prov` offers, which keeps another schema to itself, and nothing of `rival`. The
 * types `owned` and `ruled` have initializers, without and with rules, and `ended` has a terminator; a workspace of each
 * waits for its controller.
 */
const NAMES = {
  'a looker': 'looker',
  'a looker who may not enter': 'outsider',
  'one who may enter': 'entrant',
  'the owner of the consumer': 'cons-owner',
  'the owner of the provider': 'prov-owner',
  'the controller of owned': 'controller-of-owned',
  'the controller of ruled': 'controller-of-ruled',
  'the controller of ended': 'controller-of-ended',
  'the owner of the workspaces': 'alice',
  'a stranger': 'stranger',
} as const;
type Named = keyof typeof NAMES;
type Identity = 'nobody' | 'a wrong token' | Named;
const IDENTITIES = ['nobody', 'a wrong token', ...(Object.keys(NAMES) as Named[])] as const;

const TYPES = ['owned', 'ruled', 'ended'] as const;
type Type = (typeof TYPES)[number];
const RBAC = 'apis/rbac.authorization.k8s.io/v1';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const SECRETS = '/api/v1/namespaces/default/secrets';
const SELF = `${CORE}/logicalclusters/cluster`;
const MERGE = 'application/merge-patch+json';
const tokenOf = (identity: Identity): string | null => {
  if (identity === 'nobody') return null;
  return identity === 'a wrong token' ? 'wrong' : `token-of-${NAMES[identity]}`;
};

interface Canaries {
  readonly [place: string]: string;
}

class Views extends Tree {
  protected override get options(): InProcessOptions {
    const names = [...Object.values(NAMES), 'bob'];
    return { users: Object.fromEntries(names.map((name) => [`token-of-${name}`, userOf(name)])) };
  }

  readonly workspaces = new Map<Type | 'ready', string>();
  readonly canaries: Canaries = Object.fromEntries(
    ['owned', 'ruled', 'ended', 'ready', 'kept', 'rival', 'cons', 'type'].map((place) => [
      place,
      `canary${randomBytes(8).toString('hex')}`,
    ]),
  );

  override async start(): Promise<void> {
    await super.start();
    await this.#schemas();
    for (const type of TYPES) await this.#waiting(type);
    await this.#furnish('ready', await this.workspace('root', 'ready', { as: 'alice' }));
  }

  async #schemas(): Promise<void> {
    for (const cluster of ['prov', 'cons', 'rival']) await this.server.createCluster(cluster);
    const { client, canaries } = this;
    for (const cluster of ['prov', 'rival']) {
      const spec = cluster === 'rival' ? { description: canaries['rival']! } : {};
      const source = { ...WIDGETS, spec: { 'x-kubernetes-preserve-unknown-fields': true, ...spec } };
      await client.create(`/clusters/${cluster}/${SCHEMAS}`, schemaOf(source));
      await client.create(`/clusters/${cluster}/${APIS}/apiexports`, exportOf('widgets', [WIDGETS]));
    }
    const kept = { group: 'example.com', plural: 'kepts', kind: 'Kept', prefix: canaries['kept']! };
    await client.create(`/clusters/prov/${SCHEMAS}`, schemaOf(kept));
    await client.create(`/clusters/cons/${APIS}/apibindings`, {
      ...bindingOf('widgets', { path: 'prov', name: 'widgets' }),
      metadata: { name: 'widgets', annotations: { canary: canaries['cons'] } },
    });
    const look = [{ apiGroups: ['apis.kcp.io'], resources: ['apibindings'], verbs: ['get'] }];
    await client.create(`/clusters/cons/${RBAC}/clusterroles`, clusterRole('look', look));
    const bind = (cluster: string, name: string, role: string, users: readonly Named[]) =>
      client.create(
        `/clusters/${cluster}/${RBAC}/clusterrolebindings`,
        clusterRoleBinding(
          name,
          role,
          users.map((user) => NAMES[user]),
        ),
      );
    await bind('cons', 'look', 'look', ['a looker', 'a looker who may not enter']);
    await bind('cons', 'entry', 'system:kcp:workspace:access', ['a looker', 'one who may enter']);
    await bind('cons', 'owner', 'cluster-admin', ['the owner of the consumer']);
    await bind('prov', 'owner', 'cluster-admin', ['the owner of the provider']);
  }

  /** A type, its controller, and a workspace that waits for that. */
  async #waiting(type: Type): Promise<void> {
    const lifecycle = type === 'ended' ? { terminator: true } : { initializer: true };
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }];
    const extend = { with: [{ name: 'universal', path: 'root' }] };
    const permissions = type === 'ruled' ? { initializerPermissions: rules } : {};
    await this.type('root', type, { extend, ...lifecycle, ...permissions });
    const verb = type === 'ended' ? 'terminate' : 'initialize';
    const turn = {
      apiGroups: ['tenancy.kcp.io'],
      resources: ['workspacetypes'],
      resourceNames: [type],
      verbs: [verb],
    };
    const entry = { nonResourceURLs: ['/'], verbs: ['access'] };
    await this.grant('root', `controller-of-${type}`, [turn, entry], [`controller-of-${type}`]);
    const spec = { type: { name: type, path: 'root' } };
    const workspace = await this.workspace('root', `of-${type}`, { as: 'alice', spec });
    await this.#furnish(type, workspace);
    if (type === 'ended')
      await this.client.call(`/clusters/root${TENANCY}/workspaces/of-ended`, { method: 'DELETE' });
  }

  async #furnish(place: Type | 'ready', { spec }: Workspace): Promise<void> {
    this.workspaces.set(place, spec.cluster!);
    const prefix = `/clusters/${spec.cluster}`;
    const text = this.canaries[place]!;
    await this.client.create(prefix + CONFIG_MAPS, { metadata: { name: 'seen' }, data: { text } });
    await this.client.create(prefix + SECRETS, {
      metadata: { name: 'seen', labels: { text } },
      stringData: { text },
    });
  }
}

const views = useMember(new Views()) as Views;

interface Question {
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly type?: string;
  /** Statuses for somebody who is logged in. */
  readonly statuses: (identity: Identity) => readonly number[];
  /** The canary that is part of what is asked for. */
  readonly shows?: string;
}

const ask = (identity: Identity, { path, method = 'GET', body, type }: Question): Promise<Reply> =>
  views.client.call(path, {
    method,
    token: tokenOf(identity),
    ...(body === undefined ? {} : { body }),
    ...(type === undefined ? {} : { headers: { 'content-type': type } }),
  });

/** Of whoever is let pass, one status; 403 for all others. */
const only = (identities: readonly Named[], ...statuses: readonly number[]) =>
  ((identity: Identity) =>
    (identities as readonly Identity[]).includes(identity) ? statuses : [403]) as Question['statuses'];

const LOOKERS: readonly Named[] = ['a looker', 'the owner of the consumer'];
const SCHEMA = 'v1.widgets.example.com';

function schemaQuestions(): readonly Question[] {
  const view = (consumer: string, cluster: string) =>
    `/services/apiresourceschema/${consumer}/clusters/${cluster}`;
  const questions: Question[] = [];
  for (const cluster of [
    '*',
    'cons',
    'prov',
    'rival',
    'missing',
    'root',
    'system:admin',
    'system:bound-crds',
  ]) {
    const at = `${view('cons', cluster)}/${SCHEMAS}`;
    // Every workspace has bound schemas of root's.
    const isSeen = ['*', 'cons', 'prov', 'root'].includes(cluster);
    const isOne = cluster === 'prov';
    const read = (...statuses: number[]) => only(LOOKERS, ...(isSeen ? statuses : [403]));
    questions.push({ path: at, statuses: read(200) });
    if (cluster !== '*' && cluster !== 'cons') {
      questions.push({ path: `${at}/${SCHEMA}`, statuses: read(isOne ? 200 : 404) });
      const kept = `${at}/${views.canaries['kept']}.kepts.example.com`;
      questions.push({ path: kept, statuses: read(404), shows: 'kept' });
    }
    const wrong = only([]);
    questions.push({ path: at, method: 'POST', body: schemaOf(WIDGETS), statuses: wrong });
    questions.push({ path: `${at}/${SCHEMA}`, method: 'DELETE', statuses: wrong });
    const patch = { metadata: { labels: { a: 'b' } } };
    questions.push({ path: `${at}/${SCHEMA}`, method: 'PATCH', type: MERGE, body: patch, statuses: wrong });
    questions.push({ path: at, method: 'DELETE', statuses: wrong });
    // What a looker may not see of the consumer, nor anybody of a provider.
    for (const other of [`/${APIS}/apibindings`, `/${APIS}/apiexports`, '/api/v1/secrets', CONFIG_MAPS, SELF])
      questions.push({ path: view('cons', cluster) + other, statuses: only(LOOKERS, 403, 404, 405) });
    questions.push({ path: `${view('cons', cluster)}/apis`, statuses: only(LOOKERS, 200) });
    questions.push({ path: `${view('cons', cluster)}/openapi/v3`, statuses: only(LOOKERS, 200) });
  }
  // A right to look at the consumer is none to look at others', and there may be none.
  for (const consumer of ['prov', 'rival', 'missing', 'system:admin']) {
    const statuses = only(consumer === 'prov' ? ['the owner of the provider'] : [], 200, 404);
    questions.push({ path: `${view(consumer, '*')}/${SCHEMAS}`, statuses });
    questions.push({ path: `${view(consumer, 'rival')}/${SCHEMAS}`, statuses: only([]) });
  }
  return questions;
}

function lifecycleQuestions(): readonly Question[] {
  const questions: Question[] = [];
  const cluster = (place: Type | 'ready') => views.workspaces.get(place)!;
  for (const type of TYPES) {
    const controller = `the controller of ${type}` as Named;
    for (const service of ['initializingworkspaces', 'terminatingworkspaces']) {
      // Whose turn it is not hears the same of either view.
      const isTurn = (type === 'ended') === (service === 'terminatingworkspaces');
      const view = (at: string) => `/services/${service}/root:${type}/clusters/${at}`;
      const whose = isTurn ? [controller] : [];
      questions.push({ path: `${view('*')}${CORE}/logicalclusters`, statuses: only(whose, 200) });
      questions.push({ path: `${view('*')}${CONFIG_MAPS}`, statuses: only(whose, 403, 404) });
      questions.push({ path: `${view('*')}/apis`, statuses: only(whose, 200) });
      const places = [...TYPES, 'ready'] as const;
      const others = ['missing', 'root', 'cons', 'system:admin', 'system:bound-crds'];
      for (const [at, place] of [
        ...places.map((one) => [cluster(one), one] as const),
        ...others.map((one) => [one, undefined] as const),
      ]) {
        const pass = isTurn && place === type ? [controller] : [];
        const inside = view(at);
        const isRuled = type === 'ruled';
        questions.push({ path: inside + SELF, statuses: only(pass, 200) });
        const shows = place ?? 'none';
        questions.push({ path: inside + CONFIG_MAPS, statuses: only(pass, 200), shows });
        questions.push({ path: `${inside}${CONFIG_MAPS}/seen`, statuses: only(pass, 200), shows });
        const secrets = only(pass, isRuled ? 403 : 200);
        questions.push({ path: inside + SECRETS, statuses: secrets, ...(isRuled ? {} : { shows }) });
        questions.push({
          path: `${inside}${CONFIG_MAPS}?dryRun=All`,
          method: 'POST',
          body: { metadata: { name: 'new' } },
          statuses: only(pass, isRuled ? 403 : 201),
        });
        questions.push({ path: inside + SELF, method: 'DELETE', statuses: only(pass, 403, 405) });
        // Of its status, nothing but one's own name is to be taken away.
        questions.push({
          path: `${inside}${SELF}/status`,
          method: 'PATCH',
          type: MERGE,
          body: { status: { URL: 'https://example.com' } },
          statuses: only(pass, 422),
        });
      }
    }
  }
  // Where a name leads nowhere, nothing is to be had. Whoever owns a place has every right to its types, of which there
  // need be none.
  for (const name of ['root:none', 'missing:owned', 'cons:owned', 'owned', 'system:admin:owned']) {
    const path = `/services/initializingworkspaces/${name}/clusters/*${CORE}/logicalclusters`;
    const statuses = only(name === 'cons:owned' ? ['the owner of the consumer'] : [], 200);
    questions.push({ path, statuses: name === 'owned' ? () => [403, 404] : statuses });
  }
  return questions;
}

const FAMILIES = [
  ['of bound schemas', schemaQuestions],
  ['of workspaces that begin and end', lifecycleQuestions],
] as const;

describe.each(FAMILIES)('by the views %s', (_family, questions) => {
  test.each(IDENTITIES)('%s is answered as the model says, and hears of nothing else', async (identity) => {
    const wrong: string[] = [];
    const leaks: string[] = [];
    await inBatches(questions(), async (question) => {
      const reply = await ask(identity, question);
      const expected = identity === 'a wrong token' ? [401] : question.statuses(identity);
      const line = `${question.method ?? 'GET'} ${question.path}`;
      if (!expected.includes(reply.status))
        wrong.push(`${line}: ${reply.status}, not ${expected}: ${reply.text.slice(0, 300)}`);
      const isShown = reply.status < 400;
      for (const [place, canary] of Object.entries(views.canaries)) {
        // The name of what one asks for is in the answer.
        if (question.path.includes(canary) || (isShown && question.shows === place)) continue;
        if (shown(reply).includes(canary)) leaks.push(`${line}: of ${place}`);
      }
    });
    expect(wrong).toEqual([]);
    expect(leaks).toEqual([]);
    expect(views.server.errors).toEqual([]);
  });
});

test('whoever has no turn cannot tell a workspace that waits from one that does not exist', async () => {
  for (const identity of ['the controller of ruled', 'a stranger', 'the owner of the workspaces'] as const) {
    for (const [type, service] of [
      ['owned', 'initializingworkspaces'],
      ['ended', 'terminatingworkspaces'],
      ['ruled', 'initializingworkspaces'],
    ] as const) {
      const at = (cluster: string) =>
        ask(identity, {
          path: `/services/${service}/root:${type}/clusters/${cluster}${CONFIG_MAPS}`,
          statuses: () => [],
        }).then(shown);
      const missing = await at('missing');
      for (const place of ['owned', 'ended', 'ready'] as const)
        expect(await at(views.workspaces.get(place)!)).toBe(missing);
    }
  }
});
