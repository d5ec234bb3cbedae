import { beforeAll, describe, expect, test } from 'vitest';
import { configMap, type KubeList } from './client.ts';
import { useServer } from './suite.ts';

const fixture = useServer();

/** A revision is milliseconds times 4096 and more: this many ahead is an hour that has not been yet. */
const HOUR = 3_600_000n * 4_096n;

function namesOf(list: KubeList): readonly string[] {
  return list.items.map(({ metadata }) => metadata.name);
}

describe('get', () => {
  test('waits for a revision that it does not have yet, and then says so', async () => {
    const { configMaps } = await fixture.namespace();
    const { metadata } = await fixture.client.create(configMaps, configMap('a'));
    const path = `${configMaps}/a?resourceVersion=`;
    for (const version of ['', '0', metadata.resourceVersion]) {
      expect((await fixture.client.get(path + version)).metadata.resourceVersion).toBe(
        metadata.resourceVersion,
      );
    }
    const future = String(BigInt(metadata.resourceVersion) + HOUR);
    const before = Date.now();
    const status = await fixture.client.refuse(504, path + future);
    expect(Date.now() - before).toBeLessThan(10_000);
    expect(status).toMatchObject({
      reason: 'Timeout',
      message: expect.stringContaining(`Too large resource version: ${future}, current: `),
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    });
    expect((await fixture.client.refuse(400, `${path}x`)).message).toMatch(/resource ?version/i);
  });

  test('reads what was just written', async () => {
    const { configMaps } = await fixture.namespace();
    await fixture.client.create(configMaps, configMap('a', { data: { n: '0' } }));
    for (let n = 1; n <= 20; n += 1) {
      await fixture.client.patch(`${configMaps}/a`, { data: { n: String(n) } });
      expect(await fixture.client.get(`${configMaps}/a`)).toMatchObject({ data: { n: String(n) } });
    }
  });
});

describe('list', () => {
  let configMaps = '';
  const versions: string[] = [];

  beforeAll(async () => {
    ({ configMaps } = await fixture.namespace());
    await fixture.client.delete(`${configMaps}/kube-root-ca.crt`);
    for (const name of ['b', 'a', 'a.b', 'a-c', 'c']) {
      const labels = { vowel: String(name.startsWith('a')) };
      const { metadata } = await fixture.client.create(configMaps, configMap(name, { labels }));
      versions.push(metadata.resourceVersion);
    }
    await fixture.client.untilGone(`${configMaps}/none`);
  });

  /** Without the certificate that the controllers may put back at any time. */
  const OURS = 'labelSelector=vowel';

  test('is ordered by bytes, typed, and never older than what it holds', async () => {
    const list = await fixture.client.list(`${configMaps}?${OURS}`);
    expect(list).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect(namesOf(list)).toEqual(['a', 'a-c', 'a.b', 'b', 'c']);
    for (const { metadata } of list.items) {
      expect(BigInt(metadata.resourceVersion)).toBeLessThanOrEqual(BigInt(list.metadata.resourceVersion));
    }
    expect(list.metadata).not.toHaveProperty('continue');
  });

  test('over all namespaces is ordered by namespace and name', async () => {
    const { items } = await fixture.client.list('/api/v1/configmaps');
    const keys = items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    const ordered = [...items]
      .map(({ metadata }) => [metadata.namespace ?? '', metadata.name] as const)
      .sort(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1))
      .map(([namespace, name]) => `${namespace}/${name}`);
    expect(keys).toEqual(ordered);
    expect(keys.length).toBeGreaterThan(5);
  });

  test('of nothing has items, and of a namespace that does not exist too', async () => {
    const { text } = await fixture.client.call('/api/v1/namespaces/none/configmaps');
    expect(text).toContain('"items":[]');
  });

  test.each([
    ['labelSelector=vowel%3Dtrue', ['a', 'a-c', 'a.b']],
    ['labelSelector=vowel!%3Dtrue,vowel', ['b', 'c']],
    ['labelSelector=vowel%20in%20(false,maybe)', ['b', 'c']],
    ['labelSelector=vowel,!none', ['a', 'a-c', 'a.b', 'b', 'c']],
    ['fieldSelector=metadata.name%3Db', ['b']],
    [`${OURS}&fieldSelector=metadata.name!%3Db`, ['a', 'a-c', 'a.b', 'c']],
    ['fieldSelector=metadata.namespace%3Dother', []],
  ])('with %s selects', async (query, names) => {
    expect(namesOf(await fixture.client.list(`${configMaps}?${query}`))).toEqual(names);
  });

  test.each([
    ['labelSelector=a%20b%20c', 400, 'unable to parse requirement'],
    ['fieldSelector=spec.x%3D1', 400, 'field label not supported: spec.x'],
    ['fieldSelector=abc', 400, 'invalid selector'],
    [
      'resourceVersionMatch=Exact',
      422,
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    ['resourceVersion=0&resourceVersionMatch=Exact', 422, 'resourceVersionMatch'],
    [
      'resourceVersion=1&resourceVersionMatch=Nearly',
      422,
      'resourceVersionMatch: Unsupported value: "Nearly"',
    ],
    ['sendInitialEvents=true', 422, 'sendInitialEvents is forbidden for list'],
    ['continue=x', 400, 'continue key is not valid'],
    ['resourceVersion=abc', 400, 'resourceVersion'],
  ])('with %s is refused', async (query, code, message) => {
    const status = await fixture.client.refuse(code, `${configMaps}?${query}`);
    if (query.startsWith('fieldSelector=spec')) {
      // Upstream has two texts for it, depending on the kind.
      expect(status.message).toMatch(
        /field label not supported: spec\.x|"spec\.x" is not a known field selector/,
      );
    } else {
      expect(status.message).toContain(message);
    }
    if (code === 422) expect(status.message).toContain('ListOptions.meta.k8s.io "" is invalid: ');
  });

  test('shows the past exactly, or anything that is not older', async () => {
    const [, second] = versions;
    const exact = await fixture.client.list(
      `${configMaps}?${OURS}&resourceVersion=${second}&resourceVersionMatch=Exact`,
    );
    expect(namesOf(exact)).toEqual(['a', 'b']);
    expect(exact.metadata.resourceVersion).toBe(second);
    for (const query of [
      `resourceVersion=${second}&resourceVersionMatch=NotOlderThan`,
      'resourceVersion=0',
      '',
    ]) {
      expect(namesOf(await fixture.client.list(`${configMaps}?${OURS}&${query}`))).toHaveLength(5);
    }
    // Upstream's old habit: with a limit, and without a match, a version means exactly that one.
    const legacy = await fixture.client.list(`${configMaps}?${OURS}&limit=10&resourceVersion=${second}`);
    expect(namesOf(legacy)).toEqual(['a', 'b']);
  });

  test('of a past that is gone is Expired', async () => {
    const path = `${configMaps}?resourceVersion=1&resourceVersionMatch=Exact`;
    expect(await fixture.client.refuse(410, path)).toMatchObject({
      reason: 'Expired',
      message: 'The resourceVersion for the provided list is too old.',
    });
  });

  test('of a future that does not come is a timeout', async () => {
    const future = BigInt(versions[0] ?? 0) + HOUR;
    expect(await fixture.client.refuse(504, `${configMaps}?resourceVersion=${future}`)).toMatchObject({
      reason: 'Timeout',
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
    });
  });
});

describe('a list in pages', () => {
  let secrets = '';
  const NAMES = Array.from({ length: 7 }, (_value, index) => `s${index}`);

  beforeAll(async () => {
    const { namespace } = await fixture.namespace();
    secrets = `/api/v1/namespaces/${namespace}/secrets`;
    for (const name of NAMES)
      await fixture.client.create(secrets, { metadata: { name, labels: { n: name } } });
  });

  test('tells how many are left and shows one moment', async () => {
    const first = await fixture.client.list(`${secrets}?limit=3`);
    expect(namesOf(first)).toEqual(['s0', 's1', 's2']);
    expect(first.metadata.remainingItemCount).toBe(4);
    // Written in between: must not be seen by the pages that follow.
    await fixture.client.create(secrets, { metadata: { name: 's3a' } });
    await fixture.client.delete(`${secrets}/s4`);
    const second = await fixture.client.list(`${secrets}?limit=3&continue=${first.metadata.continue}`);
    expect(namesOf(second)).toEqual(['s3', 's4', 's5']);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(second.metadata.remainingItemCount).toBe(1);
    const third = await fixture.client.list(`${secrets}?limit=3&continue=${second.metadata.continue}`);
    expect(namesOf(third)).toEqual(['s6']);
    expect(third.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(third.metadata.continue ?? '').toBe('');
    expect(third.metadata).not.toHaveProperty('remainingItemCount');
    await fixture.client.create(secrets, { metadata: { name: 's4', labels: { n: 's4' } } });
    await fixture.client.delete(`${secrets}/s3a`);
  });

  test('fills its pages with what the selector takes, and does not count', async () => {
    const query = `labelSelector=${encodeURIComponent('n in (s1,s3,s6)')}&limit=2`;
    const first = await fixture.client.list(`${secrets}?${query}`);
    expect(namesOf(first)).toEqual(['s1', 's3']);
    expect(first.metadata).not.toHaveProperty('remainingItemCount');
    const second = await fixture.client.list(`${secrets}?${query}&continue=${first.metadata.continue}`);
    expect(namesOf(second)).toEqual(['s6']);
    expect(second.metadata.continue ?? '').toBe('');
  });

  test('has no further page when the limit is what there is', async () => {
    const list = await fixture.client.list(`${secrets}?limit=7`);
    expect(namesOf(list)).toEqual(NAMES);
    expect(list.metadata.continue ?? '').toBe('');
  });

  test('refuses a token together with what it already says', async () => {
    const token = (await fixture.client.list(`${secrets}?limit=3`)).metadata.continue;
    const page = `${secrets}?limit=3&continue=${token}`;
    const status = await fixture.client.refuse(400, `${page}&resourceVersion=5`);
    expect(status.message).toContain('specifying resource version is not allowed when using continue');
    await fixture.client.refuse(422, `${page}&resourceVersionMatch=NotOlderThan`);
    expect(namesOf(await fixture.client.list(`${page}&resourceVersion=0`))).toEqual(['s3', 's4', 's5']);
  });

  test('refuses tokens that it did not make', async () => {
    const { client } = fixture;
    const token = (await client.list(`${secrets}?limit=3`)).metadata.continue ?? '';
    const forged = (content: unknown): string => Buffer.from(JSON.stringify(content)).toString('base64url');
    const tokens = [
      'x',
      '%00',
      token.slice(0, -4),
      `${token}AAAA`,
      Buffer.from('null').toString('base64url'),
      forged([]),
      forged({}),
      forged({ v: 'meta.k8s.io/v1', rv: 'x', start: 's3\0' }),
      forged({ v: 'meta.k8s.io/v0', rv: 5, start: 's3\0' }),
      forged({ v: 'meta.k8s.io/v1', rv: 5, start: '../../../other/secrets/x\0' }),
      forged({ v: 'meta.k8s.io/v1', rv: -7, start: 's3\0' }),
    ];
    for (const forgery of tokens) {
      const reply = await client.call(`${secrets}?limit=3&continue=${forgery}`);
      // A server that seals its tokens refuses them all; one that does not may find the moment gone.
      expect([400, 410], `${forgery}: ${reply.text}`).toContain(reply.status);
    }
  });

  test('keeps to its own collection when a token of another one is used', async () => {
    const { client } = fixture;
    const token = (await client.list('/api/v1/namespaces?limit=1')).metadata.continue ?? '';
    expect(token).not.toBe('');
    const reply = await client.call(`${secrets}?limit=3&continue=${token}`);
    if (reply.status === 200) {
      const { items } = JSON.parse(reply.text) as KubeList;
      for (const item of items) expect(NAMES).toContain(item.metadata.name);
    } else {
      expect([400, 410]).toContain(reply.status);
    }
  });
});
