import { beforeAll, describe, expect, test } from 'vitest';
import { crdOf } from '../conformance/suite.ts';
import { seedNamespace } from './client.ts';
import { useServer } from './suite.ts';

const fixture = useServer();
const BUILTIN = '/api/v1/namespaces/default/configmaps';
const CUSTOM = '/apis/matrix.example/v1/namespaces/default/things';

/**
 * What kube-apiserver 1.34 answers to each Accept header, recorded from it: one letter for each of OPERATIONS, first
 * for a built-in kind, then for a custom one. The letter is the media type (JSON, YAML, protobuf); upper case is 406.
 * Two differences are on purpose: a list without limit is JSON where that will do, and a custom resource that cannot
 * be a list is 406 where upstream has an internal error.
 */
const ACCEPT: readonly (readonly [accept: string, builtin: string, custom: string])[] = [
  ['', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/json', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/yaml', 'yyyYyyyyyy', 'yyyYyyyyyy'],
  ['application/vnd.kubernetes.protobuf', 'pppppppppp', 'PPPPPPPPPP'],
  ['application/vnd.kubernetes.protobuf,application/json', 'pjpppppppp', 'jjjjpppjjj'],
  ['*/*', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/*', 'JJJJJJJJJJ', 'jjjjjjjjjj'],
  ['text/html', 'JJJJJJJJJJ', 'JJJJJJJJJJ'],
  ['text/html,*/*;q=0.1', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/cbor', 'JJJJJJJJJJ', 'JJJJJJJJJJ'],
  ['application/cbor,application/json', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/json;as=Table;v=v1;g=meta.k8s.io', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/json;as=Table;v=v2;g=meta.k8s.io', 'JJJJJJJJJJ', 'JJJJJJJJJJ'],
  ['application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io', 'JJJJJJJJJJ', 'JJJJJJJJJJ'],
  [
    'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    'pJJpjjppJp',
    'pJJpjjjpJp',
  ],
  [
    'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    'JpppjjJppJ',
    'JpppjjjppJ',
  ],
  ['application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io', 'jJJjjjjjJj', 'jJJjjjjjJj'],
  ['application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', 'JjjjjjJjjJ', 'JjjjjjjjjJ'],
  ['application/yaml;as=Table;v=v1;g=meta.k8s.io', 'yyyJjjyyyy', 'yyyJjjjyyy'],
  ['application/json;as=Bogus;v=v1;g=meta.k8s.io', 'JJJJJJJJJJ', 'JJJJJJJJJJ'],
  ['application/json;stream=watch', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/vnd.kubernetes.protobuf;stream=watch', 'pppppppppp', 'PPPPPPPPPP'],
  ['application/json;foo=bar', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/json;q=0', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/json;q=0.5,application/yaml', 'yyyYyyyyyy', 'yyyYyyyyyy'],
  [';;;', 'JJJJJJJJJJ', 'JJJJJJJJJJ'],
  ['application/json;as=Table;v=v1;g=other', 'JJJJJJJJJJ', 'JJJJJJJJJJ'],
  ['application/json;export=1', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/json;pretty=1', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/yaml;stream=watch', 'JJJJJJJJJJ', 'JJJJJJJJJJ'],
  ['text/*', 'JJJJJJJJJJ', 'JJJJJJJJJJ'],
  ['application/json;profile=x', 'jjjjjjjjjj', 'jjjjjjjjjj'],
  ['application/json;sv=v1', 'jjjjjjjjjj', 'jjjjjjjjjj'],
];

const JSON_BODY = 'application/json';
const OPERATIONS: readonly {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly sends?: 'object' | 'patch';
  readonly code: number;
  readonly customCode?: number;
}[] = [
  { method: 'GET', path: '/mx', code: 200 },
  { method: 'GET', path: '?fieldSelector=metadata.name%3Dmx', code: 200 },
  { method: 'GET', path: '?fieldSelector=metadata.name%3Dmx&limit=2', code: 200 },
  { method: 'GET', path: '?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dmx', code: 200 },
  { method: 'GET', path: '/missing', code: 404 },
  { method: 'POST', path: '?dryRun=All', type: JSON_BODY, sends: 'object', code: 409 },
  // A custom resource is never updated without its resourceVersion.
  { method: 'PUT', path: '/mx?dryRun=All', type: JSON_BODY, sends: 'object', code: 200, customCode: 422 },
  { method: 'DELETE', path: '/mx?dryRun=All', code: 200 },
  { method: 'DELETE', path: '?dryRun=All&fieldSelector=metadata.name%3Dmx', code: 200 },
  {
    method: 'PATCH',
    path: '/mx?dryRun=All',
    type: 'application/merge-patch+json',
    sends: 'patch',
    code: 200,
  },
];

const MEDIA: Readonly<Record<string, string>> = {
  j: 'application/json',
  y: 'application/yaml',
  p: 'application/vnd.kubernetes.protobuf',
};

const bodies = {
  [BUILTIN]: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mx' } },
  [CUSTOM]: { apiVersion: 'matrix.example/v1', kind: 'Thing', metadata: { name: 'mx' }, spec: {} },
};

beforeAll(async () => {
  const { client } = fixture;
  await seedNamespace(client, 'default');
  await client.create(
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    crdOf({ group: 'matrix.example', plural: 'things', kind: 'Thing' }),
  );
  await client.until(CUSTOM, (_list, status) => status === 200);
  for (const path of [BUILTIN, CUSTOM] as const) await client.create(path, bodies[path]);
});

// Each waits for a watch to end by itself.
describe.concurrent.each(ACCEPT)('Accept: %s', (accept, builtin, custom) => {
  test.each([
    ['a built-in kind', BUILTIN, builtin],
    ['a custom kind', CUSTOM, custom],
  ] as const)('for %s is what upstream says', async (_case, path, letters) => {
    const answers = await Promise.all(
      OPERATIONS.map(async ({ method, path: rest, type, sends }) => {
        const headers = { accept, ...(type === undefined ? {} : { 'content-type': type }) };
        const body = sends === 'object' ? bodies[path] : sends === 'patch' ? {} : undefined;
        const call = { method, headers, ...(body === undefined ? {} : { body }) };
        const reply = await fixture.client.call(`${path}${rest}`, call);
        return `${method} ${rest} ${reply.status} ${reply.headers['content-type']?.split(';')[0]}`;
      }),
    );
    const expected = OPERATIONS.map(({ method, path: rest, code, customCode }, index) => {
      const letter = letters[index] ?? '';
      const plain = path === CUSTOM ? (customCode ?? code) : code;
      const status = letter === letter.toUpperCase() ? 406 : plain;
      return `${method} ${rest} ${status} ${MEDIA[letter.toLowerCase()]}`;
    });
    expect(answers).toEqual(expected);
  });
});

describe.each([
  ['no type', undefined, true],
  ['application/json', 'application/json', true],
  ['upper case', 'APPLICATION/JSON', true],
  ['a charset', 'application/json; charset=utf-8', true],
  ['an empty parameter', 'application/json;', true],
  ['application/cbor', 'application/cbor', false],
  ['text/plain', 'text/plain', false],
  ['anything', '*/*', false],
  ['a form', 'application/x-www-form-urlencoded', false],
  ['no media type at all', 'bogus', false],
] as const)('a body of %s', (_case, type, isTaken) => {
  test.each([
    ['a built-in kind', BUILTIN],
    ['a custom kind', CUSTOM],
  ] as const)('is taken or refused with 415 by every verb of %s', async (_kind, path) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    const object = Buffer.from(JSON.stringify(bodies[path]));
    const options = Buffer.from(JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] }));
    const send = async (method: string, rest: string, body: Buffer): Promise<number> =>
      (await fixture.client.call(`${path}${rest}`, { method, headers, body })).status;
    expect([
      await send('POST', '?dryRun=All', object),
      await send('PUT', '/mx?dryRun=All', object),
      await send('DELETE', '/mx', options),
      await send('DELETE', '?fieldSelector=metadata.name%3Dmx', options),
      await send('PATCH', '/mx?dryRun=All', Buffer.from('{}')),
    ]).toEqual(isTaken ? [409, path === CUSTOM ? 422 : 200, 200, 200, 415] : [415, 415, 415, 415, 415]);
  });
});
