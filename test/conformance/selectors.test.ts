import { beforeAll, describe, expect, test } from 'vitest';
import { configMap } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();
let path = '';

beforeAll(async () => {
  path = `/api/v1/namespaces/${await fixture.namespace()}/configmaps`;
  const labels = { a: { x: '1', y: 'b' }, b: { x: '2' }, c: undefined, d: { x: '' } };
  for (const [name, own] of Object.entries(labels)) {
    await fixture.client.create(path, configMap(name, { labels: own }));
  }
});

async function names(query: string): Promise<string> {
  const { items } = await fixture.client.list(`${path}?${query}`);
  return items.map(({ metadata }) => metadata.name).join();
}

describe('label selectors', () => {
  test.each([
    ['', 'a,b,c,d'],
    ['x=1', 'a'],
    ['x==1', 'a'],
    ['x!=1', 'b,c,d'],
    ['x in (1,2)', 'a,b'],
    ['x in ( 1 , 2 )', 'a,b'],
    ['x notin (1,2)', 'c,d'],
    ['x', 'a,b,d'],
    ['!x', 'c'],
    ['x>1', 'b'],
    ['x<2', 'a'],
    ['x=', 'd'],
    ['x in ()', 'd'],
    ['x in (,1)', 'a,d'],
    [' x = 1 , y = b ', 'a'],
    ['x=1,!y', ''],
    ['in=1', ''],
    ['X=1', ''],
  ])('%j selects %j', async (selector, expected) => {
    expect(await names(`labelSelector=${encodeURIComponent(selector)}`)).toBe(expected);
  });

  test.each([
    ['x y', "unable to parse requirement: found 'y', expected: in, notin, =, ==, !=, gt, lt"],
    ['x in (1', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['x,', "found '', expected: identifier after ','"],
    ['x=1=2', "found '=', expected: ',' or 'end of string'"],
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    ['x>a', "for 'Gt', 'Lt' operators, the value must be an integer"],
    ['x=-', 'unable to parse requirement: values[0][x]: Invalid value: "-": a valid label must be'],
    ['a/b/c', 'unable to parse requirement: <nil>: Invalid value: "a/b/c": a valid label key must'],
  ])('%j is 400 in upstream’s words, for lists, watches and deletions', async (selector, message) => {
    const query = `?labelSelector=${encodeURIComponent(selector)}`;
    for (const [suffix, method] of [
      ['', 'GET'],
      ['&watch=1', 'GET'],
      ['', 'DELETE'],
    ] as const) {
      const status = await fixture.client.refuse(400, `${path}${query}${suffix}`, { method });
      expect(status.reason).toBe('BadRequest');
      expect(status.message).toContain(message);
    }
  });
});

describe('field selectors', () => {
  test.each([
    ['metadata.name=a', 'a'],
    ['metadata.name==a', 'a'],
    ['metadata.name!=a', 'b,c,d'],
    ['metadata.name=', ''],
    ['metadata.name=a,', 'a'],
    ['metadata.name=a,metadata.name!=a', ''],
    ['metadata.namespace=other', ''],
    ['metadata.name=a\\,b', ''],
  ])('%j selects %j', async (selector, expected) => {
    expect(await names(`fieldSelector=${encodeURIComponent(selector)}`)).toBe(expected);
  });

  test.each([
    ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ['metadata.name=a=b', 'invalid field selector: unescaped character in value'],
    ['metadata.name=a\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['data.x=1', '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ])('%j is 400 in upstream’s words', async (selector, message) => {
    const query = `fieldSelector=${encodeURIComponent(selector)}`;
    expect((await fixture.client.refuse(400, `${path}?${query}`)).message).toBe(
      message.endsWith('value') ? `${message}: 61` : message,
    );
  });

  test.each([
    ['/api/v1/namespaces', 'status.phase=Active', true],
    ['/api/v1/namespaces', 'metadata.namespace=x', false],
    ['/api/v1/secrets', 'type=Opaque', true],
    ['/api/v1/secrets', 'data=x', false],
    [
      '/api/v1/events',
      'involvedObject.kind=x,involvedObject.uid=x,reason=x,source=x,type=x,reportingComponent=x',
      true,
    ],
    ['/api/v1/events', 'regarding.kind=x', false],
    [
      '/apis/events.k8s.io/v1/events',
      'regarding.kind=x,regarding.fieldPath=x,reportingController=x,type=x',
      true,
    ],
    ['/apis/events.k8s.io/v1/events', 'involvedObject.kind=x', false],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles', 'metadata.namespace=x', false],
    ['/apis/rbac.authorization.k8s.io/v1/roles', 'metadata.namespace=x', true],
    ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', 'spec.group=x', false],
  ])('%s: %s is supported: %s', async (collection, selector, isSupported) => {
    const reply = await fixture.client.call(`${collection}?fieldSelector=${encodeURIComponent(selector)}`);
    expect(reply.status).toBe(isSupported ? 200 : 400);
    if (!isSupported) expect(reply.text).toMatch(/field label not supported|is not a known field selector/);
  });

  test('on the fields that a custom resource declares, and on no others', async () => {
    const group = 'select.example.com';
    const schema = {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: { type: 'object', properties: { color: { type: 'string' }, on: { type: 'boolean' } } },
        },
      },
    };
    const selectableFields = [{ jsonPath: '.spec.color' }, { jsonPath: '.spec.on' }];
    await fixture.define({
      group,
      plural: 'lamps',
      kind: 'Lamp',
      scope: 'Cluster',
      versions: [{ name: 'v1', schema, selectableFields }],
    });
    const lamps = `/apis/${group}/v1/lamps`;
    for (const [name, spec] of Object.entries({
      a: { color: 'red', on: true },
      b: { color: 'red' },
      c: {},
    })) {
      await fixture.client.create(lamps, {
        apiVersion: `${group}/v1`,
        kind: 'Lamp',
        metadata: { name },
        spec,
      });
    }
    const select = async (selector: string) =>
      (await fixture.client.list(`${lamps}?fieldSelector=${selector}`)).items
        .map(({ metadata }) => metadata.name)
        .join();
    expect(await select('spec.color=red')).toBe('a,b');
    expect(await select('spec.color=red,spec.on=true')).toBe('a');
    expect(await select('spec.color!=red')).toBe('c');
    expect(await select('spec.color=')).toBe('c');
    const status = await fixture.client.refuse(400, `${lamps}?fieldSelector=spec.other=x`);
    expect(status.message).toBe('field label not supported: spec.other');
  });

  test('with a name other than that of the URL is 400', async () => {
    await fixture.client.get(`${path}/a?fieldSelector=metadata.name%3Da`);
    const status = await fixture.client.refuse(400, `${path}/a?fieldSelector=metadata.name%3Db`);
    expect(status.message).toBe("fieldSelector metadata.name doesn't match requested name");
  });
});

describe('list options', () => {
  test.each([
    ['resourceVersion=abc', 400, 'invalid resource version: resourceVersion: Invalid value: "abc"'],
    ['resourceVersion=-1', 400, '-1'],
    ['limit=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['timeoutSeconds=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['timeout=soon', 400, 'soon'],
    [
      'resourceVersionMatch=Exact',
      422,
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    ['resourceVersionMatch=Exact&resourceVersion=0', 422, 'is forbidden for resourceVersion "0"'],
    ['resourceVersionMatch=Some&resourceVersion=1', 422, 'resourceVersionMatch: Unsupported value: "Some"'],
    [
      'resourceVersionMatch=Exact&resourceVersion=1&continue=x',
      422,
      'resourceVersionMatch is forbidden when continue is provided',
    ],
    ['sendInitialEvents=true', 422, 'sendInitialEvents is forbidden for list'],
    ['continue=x&resourceVersion=1', 400, 'specifying resource version is not allowed when using continue'],
    ['continue=x', 400, 'invalid continue token: continue key is not valid: '],
  ])('%s is %i', async (query, code, message) => {
    const status = await fixture.client.refuse(code, `${path}?${query}`);
    expect(status.message).toContain(message);
    if (code === 422) expect(status.details).toMatchObject({ group: 'meta.k8s.io', kind: 'ListOptions' });
  });

  test('a list that is empty has items, and typed items have no kind', async () => {
    const empty = await fixture.client.list(`/api/v1/namespaces/${await fixture.namespace()}/configmaps`);
    expect(empty).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1', items: [] });
    const { items, metadata } = await fixture.client.list(path);
    for (const item of items) {
      expect(item).not.toHaveProperty('kind');
      expect(BigInt(item.metadata.resourceVersion)).toBeLessThanOrEqual(BigInt(metadata.resourceVersion));
    }
  });
});
