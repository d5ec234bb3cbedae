import { afterEach, describe, expect, test } from 'vitest';
import { CRDS, crdOf } from '../conformance/suite.ts';
import { codesOf, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';

afterEach(() => arena.assertUnharmed());

/** What an answer must not tell: where the program lies, how it is made, and what it is called inside. */
const INSIDES = [
  /\bat .*\.(js|ts|mjs):\d+/,
  /node:internal|node_modules|\/src\/|\.ts:\d+/,
  /\b(TypeError|RangeError|ReferenceError|SyntaxError|AssertionError)\b/,
  /Cannot read propert|is not a function|undefined is not|is not iterable|Maximum call stack/,
  /\[object Object\]/,
  /LevelDB|LEVEL_|ERR_[A-Z_]+|ECONN|ENOENT/,
  /\b(antipode-in-process|\/tmp\/|\/home\/|\/root\/)/,
];

const hostile: readonly (readonly [
  string,
  string,
  { readonly method?: string; readonly body?: unknown; readonly headers?: Record<string, string> },
])[] = [
  ['a name of 10,000 characters', `${CONFIG_MAPS}/${'x'.repeat(10_000)}`, {}],
  ['a name that cannot be', `${CONFIG_MAPS}/%e2%80%ae`, {}],
  ['an unknown kind', '/clusters/attacker/apis/none.example/v1/things', {}],
  ['an unknown method', CONFIG_MAPS, { method: 'PUT', body: {} }],
  ['an unknown subresource', `${CONFIG_MAPS}/a/exec`, { method: 'POST', body: {} }],
  ['a body that is no object', CONFIG_MAPS, { method: 'POST', body: '[[[' }],
  [
    'a body of other types',
    CONFIG_MAPS,
    { method: 'POST', body: { metadata: { name: {}, labels: [], ownerReferences: 'x', managedFields: 1 } } },
  ],
  [
    'data of other types',
    CONFIG_MAPS,
    { method: 'POST', body: { metadata: { name: 'a' }, data: [1], binaryData: { a: 1 } } },
  ],
  [
    'options of other types',
    `${CONFIG_MAPS}/none`,
    { method: 'DELETE', body: { kind: 'Pod', preconditions: 1, gracePeriodSeconds: 'x' } },
  ],
  [
    'a protobuf of nothing',
    CONFIG_MAPS,
    {
      method: 'POST',
      body: Buffer.from('k8s\0\xff\xff\xff', 'latin1'),
      headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
    },
  ],
  [
    'a patch that fits nothing',
    `${CONFIG_MAPS}/none`,
    { method: 'PATCH', body: '{"a":[', headers: { 'content-type': 'application/merge-patch+json' } },
  ],
  ['a media type that cannot be', CONFIG_MAPS, { headers: { accept: 'application/json;as=Table;v=v9;g=x' } }],
  [
    'a definition of nothing',
    `/clusters/attacker${CRDS}`,
    {
      method: 'POST',
      body: { metadata: { name: 'x' }, spec: { versions: [null, 1, {}], names: [], conversion: 'x' } },
    },
  ],
  [
    'a schema of hostile types',
    `/clusters/attacker${CRDS}`,
    {
      method: 'POST',
      body: crdOf({
        group: 'a.example',
        plural: 'as',
        kind: 'A',
        versions: [
          {
            name: 'v1',
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: { a: 1, b: null, c: { type: {} } },
                required: {},
              },
            },
          },
        ],
      }),
    },
  ],
  [
    'a role of hostile types',
    '/clusters/attacker/apis/rbac.authorization.k8s.io/v1/clusterroles',
    {
      method: 'POST',
      body: { metadata: { name: 'r' }, rules: [{ verbs: 'x' }, null, 1], aggregationRule: [] },
    },
  ],
  [
    'a review of nothing',
    '/clusters/attacker/apis/authorization.k8s.io/v1/subjectaccessreviews',
    { method: 'POST', body: { spec: { resourceAttributes: 1, extra: [] } } },
  ],
];

describe('the refusal of', () => {
  test.each(hostile)('%s tells nothing of the insides', async (_what, path, call) => {
    const reply = await arena.attack(path, call);
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).not.toBe(500);
    for (const inside of INSIDES) expect(reply.text + JSON.stringify(reply.headers)).not.toMatch(inside);
    expect(Object.keys(reply.headers).filter((name) => /^(server|x-powered-by|via)$/.test(name))).toEqual([]);
    // What a client sends may come back, but not without end.
    expect(reply.bytes.length).toBeLessThan(64 * 1024);
  });

  test('what is no HTTP neither', async () => {
    for (const bytes of [
      '\0\0\0',
      'GET / HTTP/1.1\r\nx',
      'A'.repeat(100_000),
      'GET / HTTP/1.1\r\nHost: \x01\r\n\r\n',
    ]) {
      const reply = await arena.raw(`${bytes}\r\n\r\n`);
      for (const inside of INSIDES) expect(reply.text).not.toMatch(inside);
      expect(codesOf(reply).every((code) => code >= 400 && code < 500)).toBe(true);
    }
  });

  test('wrong credentials says the same whatever is wrong with them', async () => {
    const credentials = [
      'Bearer wrong',
      'Bearer ',
      'Bearer',
      'Basic YWRtaW46YWRtaW4=',
      'Bearer a.b.c',
      `Bearer ${'x'.repeat(20_000)}`,
      'Digest x',
      'bearer \u00ff',
    ];
    const texts = new Set<string>();
    for (const authorization of credentials) {
      const reply = await arena.attack(arena.canaryPath, { token: null, headers: { authorization } });
      expect([401, 403]).toContain(reply.status);
      if (reply.status === 401) texts.add(reply.text);
    }
    expect(texts.size).toBeLessThanOrEqual(1);
  });
});
