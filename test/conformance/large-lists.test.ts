import { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { limits } from '../../src/base/mod.ts';
import { decodeProtobuf } from '../../src/machinery/mod.ts';
import { configMap, type KubeList } from '../http/client.ts';
import { useMember } from './suite.ts';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const OBJECTS = 40;
const OBJECT_BYTES = 40_000;

const fixture = useMember();
let path = '';
let customPath = '';
let emptyPath = '';

beforeAll(async () => {
  const namespace = await fixture.namespace();
  path = `/api/v1/namespaces/${namespace}/configmaps`;
  emptyPath = `/api/v1/namespaces/${await fixture.namespace()}/configmaps`;
  await fixture.define({ group: 'lists.example', plural: 'widgets', kind: 'Widget' });
  customPath = `/apis/lists.example/v1/namespaces/${namespace}/widgets`;
  for (let index = 0; index < OBJECTS; index++) {
    const name = `n${String(index).padStart(2, '0')}`;
    const text = `line one\n  "line" two: # ${'é'.repeat(OBJECT_BYTES / 2)}`;
    await fixture.client.create(path, configMap(name, { data: { text, on: 'yes' } }));
    const spec = { text, n: [[]] };
    const object = { apiVersion: 'lists.example/v1', kind: 'Widget', metadata: { name }, spec };
    await fixture.client.create(customPath, object);
  }
});

function accept(type: string) {
  return { headers: { accept: type } };
}

/** The largest piece that the server hands to the connection for an answer. */
async function largestPiece(url: string, type: string): Promise<number> {
  const write = vi.spyOn(ServerResponse.prototype, 'write');
  try {
    await fixture.client.call(url, accept(type));
    return Math.max(...write.mock.calls.map(([piece]) => (piece as Buffer).length));
  } finally {
    write.mockRestore();
  }
}

describe('a list that is not compact JSON', () => {
  const queries = ['', '?limit=7', '?limit=1000', '?labelSelector=none=none'];

  test.each(queries)('is the same in every media type: %s', async (query) => {
    for (const collection of [path, customPath, emptyPath]) {
      const url = collection + query;
      const compact = comparable(await fixture.client.list(url));
      const indented = await fixture.client.call(`${url}${query === '' ? '?' : '&'}pretty=true`);
      expect(comparable(JSON.parse(indented.text))).toEqual(compact);
      const yaml = await fixture.client.call(url, accept('application/yaml'));
      expect(comparable(parse(yaml.text))).toEqual(compact);
      if (collection === customPath) continue;
      const { object } = decodeProtobuf((await fixture.client.call(url, accept(PROTOBUF))).bytes);
      expect(comparable(object)).toEqual(compact);
    }
  });

  test('is indented like one text', async () => {
    for (const url of [`${path}?pretty=1`, `${emptyPath}?pretty=1`, `${path}?pretty=1&limit=3`]) {
      const { text } = await fixture.client.call(url);
      expect(text).toBe(`${JSON.stringify(JSON.parse(text), undefined, 2)}\n`);
    }
  });

  test('can be metadata or a table', async () => {
    for (const as of ['PartialObjectMetadataList', 'Table']) {
      const media = `as=${as};v=v1;g=meta.k8s.io`;
      const compact = await fixture.client.call(path, accept(`application/json;${media}`));
      const yaml = await fixture.client.call(path, accept(`application/yaml;${media}`));
      const indented = await fixture.client.call(`${path}?pretty=1`, accept(`application/json;${media}`));
      expect(comparable(parse(yaml.text))).toEqual(comparable(JSON.parse(compact.text)));
      expect(comparable(JSON.parse(indented.text))).toEqual(comparable(JSON.parse(compact.text)));
    }
  });

  test.each([
    ['indented JSON', '?pretty=1', 'application/json'],
    ['YAML', '', 'application/yaml'],
  ])('is written in pieces: %s', async (_case, query, type) => {
    const whole = (await fixture.client.call(path + query, accept(type))).bytes.length;
    const largest = await largestPiece(path + query, type);
    expect(whole).toBeGreaterThan(OBJECTS * OBJECT_BYTES);
    expect(largest).toBeLessThan(whole / 2);
  });
});

describe('a list in protobuf', () => {
  const { pageBytesMax } = limits;
  beforeAll(() => {
    (limits as { pageBytesMax: number }).pageBytesMax = 700_000;
  });
  afterAll(() => {
    (limits as { pageBytesMax: number }).pageBytesMax = pageBytesMax;
  });

  test('is refused when it is too large to be collected and the client takes nothing else', async () => {
    const reply = await fixture.client.call(path, accept(PROTOBUF));
    expect(reply.status).toBe(406);
    expect(decodeProtobuf(reply.bytes).object).toMatchObject({
      reason: 'NotAcceptable',
      message: `the list is larger than 700000 bytes, which is the limit in ${PROTOBUF}: use limit, or accept application/json`,
    });
  });

  test('is JSON of any size for a client that takes that too', async () => {
    const reply = await fixture.client.call(path, accept(`${PROTOBUF},application/json`));
    expect((JSON.parse(reply.text) as KubeList).items).toHaveLength(OBJECTS);
  });

  test('comes in smaller pages than asked for rather than too large ones', async () => {
    const names: string[] = [];
    let pages = 0;
    let token = '';
    do {
      const url = `${path}?limit=1000&continue=${encodeURIComponent(token)}`;
      const reply = await fixture.client.call(url, accept(PROTOBUF));
      expect(reply.status).toBe(200);
      expect(reply.bytes.length).toBeLessThan(700_000 + 2 * limits.iteratorBatchBytes);
      const list = decodeProtobuf(reply.bytes).object as unknown as KubeList;
      names.push(...list.items.map(({ metadata }) => metadata.name));
      token = list.metadata.continue ?? '';
      pages += 1;
    } while (token !== '' && pages < 50);
    expect(pages).toBeGreaterThan(1);
    expect(names).toHaveLength(OBJECTS);
    expect(new Set(names).size).toBe(OBJECTS);
  });
});

/** Without what depends on when the list was made. */
function comparable(value: unknown): unknown {
  const list = value as KubeList;
  const { resourceVersion: _revision, continue: token, ...metadata } = list.metadata;
  // Ages go on while the tests run.
  const shown = { ...list, metadata: { ...metadata, hasMore: token !== undefined } };
  // Protobuf does not tell an empty list from none.
  const text = JSON.stringify(list.items === null ? { ...shown, items: [] } : shown);
  return JSON.parse(text.replace(/"\d+s"/g, '"AGE"')) as unknown;
}
