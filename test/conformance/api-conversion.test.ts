import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();

const APIS = 'apis/apis.kcp.io';
const text = { type: 'string' };

/** The schema of people, whose specs have these fields in v1 and in v2. */
function peopleSchema(name: string, { v1, v2 }: { readonly v1: object; readonly v2: object }): object {
  const schemaOf = (properties: object) => ({
    type: 'object',
    properties: { spec: { type: 'object', properties } },
  });
  return {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIResourceSchema',
    metadata: { name },
    spec: {
      group: 'example.com',
      names: { plural: 'people', singular: 'person', kind: 'Person', listKind: 'PersonList' },
      scope: 'Cluster',
      conversion: { strategy: 'None' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: schemaOf(v1) },
        { name: 'v2', served: true, storage: false, schema: schemaOf(v2) },
      ],
    },
  };
}

/** A provider of people, who have one name in v1 and two in v2, and a consumer who has bound them. */
class People {
  readonly provider: string;
  readonly consumer: string;

  constructor(provider: string, consumer: string) {
    this.provider = provider;
    this.consumer = consumer;
  }

  static async start(name: string, transformation: string | undefined): Promise<People> {
    const { server, client } = fixture;
    const [provider, consumer] = [`${name}-provider`, `${name}-consumer`];
    const people = new People(await server.createCluster(provider), await server.createCluster(consumer));
    await people.offer('one', transformation);
    await client.create(`${people.provider}/${APIS}/v1alpha2/apiexports`, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIExport',
      metadata: { name: 'people' },
      spec: { resources: [people.resource('one')] },
    });
    await client.create(`${people.consumer}/${APIS}/v1alpha2/apibindings`, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIBinding',
      metadata: { name: 'people' },
      spec: { reference: { export: { path: provider, name: 'people' } } },
    });
    await client.until(people.in('v1'), (_list, status) => status === 200);
    return people;
  }

  in(version: string): string {
    return `${this.consumer}/apis/example.com/${version}/people`;
  }

  everywhere(version: string): string {
    const provider = this.provider.split('/').at(-1);
    return `/services/apiexport/${provider}/people/clusters/*/apis/example.com/${version}/people`;
  }

  make(name: string, spec: object): Promise<KubeObject> {
    return fixture.client.create(this.in('v1'), this.person(name, spec));
  }

  person(name: string, spec: object): object {
    return { apiVersion: 'example.com/v1', kind: 'Person', metadata: { name }, spec };
  }

  resource(prefix: string): object {
    return { group: 'example.com', name: 'people', schema: `${prefix}.people.example.com` };
  }

  async offer(prefix: string, transformation: string | undefined): Promise<void> {
    const name = `${prefix}.people.example.com`;
    const list = { type: 'array', items: { type: 'integer' } };
    const fields = { v1: { fullName: text, lucky: list }, v2: { last: text, fate: text } };
    const schemas = `${this.provider}/${APIS}/v1alpha1/apiresourceschemas`;
    await fixture.client.create(schemas, peopleSchema(name, fields));
    if (transformation === undefined) return;
    const fate = 'self.all(a, self.all(b, a + b < 0 || a + b >= 0)) ? "good" : "bad"';
    await fixture.client.create(`${this.provider}/${APIS}/v1alpha1/apiconversions`, {
      apiVersion: 'apis.kcp.io/v1alpha1',
      kind: 'APIConversion',
      metadata: { name },
      spec: {
        conversions: [
          {
            from: 'v1',
            to: 'v2',
            rules: [
              { field: '.spec.fullName', destination: '.spec.last', transformation },
              { field: '.spec.lucky', destination: '.spec.fate', transformation: fate },
            ],
          },
          { from: 'v2', to: 'v1', rules: [{ field: '.spec.last', destination: '.spec.fullName' }] },
        ],
      },
    });
  }
}

const LAST = "self.split(' ')[1]";
const FAILED = 'conversion.apis.kcp.io/failed';

describe('what the rules of an APIConversion cannot convert', () => {
  test('is not stored, nor what takes them too long', async () => {
    const people = await People.start('refused', LAST);
    const { client } = fixture;
    const refused = await client.refuse(422, people.in('v1'), {
      method: 'POST',
      body: people.person('ada', { fullName: 'Ada' }),
    });
    expect(refused.message).toMatch(
      /apiVersion: Invalid value: "example.com\/v2": cannot be shown in this version: .*index out of bounds/,
    );
    const lucky = (count: number) => ({
      fullName: 'A B',
      lucky: Array.from({ length: count }, (_, at) => at),
    });
    const slow = await client.refuse(422, people.in('v1'), {
      method: 'POST',
      body: people.person('ada', lucky(1_000)),
    });
    expect(slow.message).toContain('actual cost limit exceeded');
    await people.make('ada', lucky(20));
    const patched = await client.refuse(422, `${people.in('v1')}/ada`, {
      method: 'PATCH',
      body: { spec: { fullName: 'Ada' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(patched.reason).toBe('Invalid');
    expect(await client.get(`${people.in('v2')}/ada`)).toMatchObject({ spec: { last: 'B', fate: 'good' } });
  });

  test('and is there already hides nothing else, can be changed as it is stored, and goes', async () => {
    const people = await People.start('stored', undefined);
    const { client } = fixture;
    for (const [name, fullName] of [
      ['ada', 'Ada'],
      ['bob', 'Bob'],
      ['grace', 'Grace Hopper'],
    ] as const) {
      await people.make(name, { fullName });
    }
    await people.offer('two', LAST);
    await client.call(`${people.provider}/${APIS}/v1alpha2/apiexports/people`, {
      method: 'PATCH',
      body: { spec: { resources: [people.resource('two')] } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    const isConverted = (person: KubeObject) => (person['spec'] as { last?: string }).last === 'Hopper';
    await client.until(`${people.in('v2')}/grace`, isConverted);

    const failed = {
      metadata: { annotations: { [FAILED]: expect.stringContaining('index out of bounds') } },
    };
    const grace = { metadata: { name: 'grace' }, spec: { last: 'Hopper' } };
    for (const path of [people.in('v2'), people.everywhere('v2')]) {
      const { items } = await client.list(path);
      expect(items).toMatchObject([failed, failed, grace]);
      expect(items[2]?.metadata.annotations).not.toHaveProperty(FAILED);
      const watch = await client.watch(`${path}?watch=true`);
      expect((await watch.next()).object).toMatchObject(failed);
      expect((await watch.next()).object).toMatchObject(failed);
      expect((await watch.next()).object).toMatchObject(grace);
      watch.close();
    }
    const shown = await client.get(`${people.in('v2')}/ada`);
    expect(shown).toMatchObject(failed);
    // What was left out would be lost.
    await client.refuse(500, `${people.in('v2')}/ada`, { method: 'PUT', body: shown });
    const patch = (body: object) =>
      client.call(`${people.in('v1')}/ada`, {
        method: 'PATCH',
        body,
        headers: { 'content-type': 'application/merge-patch+json' },
      });
    expect((await patch({ metadata: { labels: { a: 'b' } } })).status).toBe(200);
    expect((await client.call(`${people.in('v2')}/ada`, { method: 'DELETE' })).status).toBe(200);
    expect((await client.call(people.in('v2'), { method: 'DELETE' })).status).toBe(200);
    expect((await client.list(people.in('v1'))).items).toEqual([]);
  });
});

describe('an APIConversion', () => {
  test('converts the objects of whoever has bound its schema, and loses nothing', async () => {
    const provider = await fixture.server.createCluster('conversion-provider');
    const consumer = await fixture.server.createCluster('conversion-consumer');
    const apis = `${provider}/apis/apis.kcp.io`;
    const name = 'today.people.example.com';
    const fields = { v1: { fullName: text, nick: text }, v2: { first: text, last: text } };
    await fixture.client.create(`${apis}/v1alpha1/apiresourceschemas`, peopleSchema(name, fields));
    const conversion = (transformation: string) => ({
      apiVersion: 'apis.kcp.io/v1alpha1',
      kind: 'APIConversion',
      metadata: { name },
      spec: {
        conversions: [
          {
            from: 'v1',
            to: 'v2',
            rules: [
              { field: '.spec.fullName', destination: '.spec.first', transformation },
              { field: '.spec.fullName', destination: '.spec.last', transformation: "self.split(' ')[1]" },
            ],
            preserve: ['.spec.nick'],
          },
          {
            from: 'v2',
            to: 'v1',
            rules: [
              {
                field: '.spec',
                destination: '.spec.fullName',
                transformation: "self.first + ' ' + self.last",
              },
            ],
          },
        ],
      },
    });
    const conversions = `${apis}/v1alpha1/apiconversions`;
    const refused = await fixture.client.refuse(403, conversions, {
      method: 'POST',
      body: conversion('self.nothing'),
    });
    expect(refused.message).toContain(
      'error compiling conversion rules: spec.conversions[0].rules[0].transformation: Invalid value: "self.nothing"',
    );
    const nameless = { ...conversion('self'), metadata: { name: 'today.nobody.example.com' } };
    const unknown = await fixture.client.refuse(403, conversions, { method: 'POST', body: nameless });
    expect(unknown.message).toContain('error getting APIResourceSchema today.nobody.example.com');
    await fixture.client.create(conversions, conversion("self.split(' ')[0]"));

    await fixture.client.create(`${apis}/v1alpha2/apiexports`, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIExport',
      metadata: { name: 'people' },
      spec: { resources: [{ group: 'example.com', name: 'people', schema: name }] },
    });
    await fixture.client.create(`${consumer}/apis/apis.kcp.io/v1alpha2/apibindings`, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIBinding',
      metadata: { name: 'people' },
      spec: { reference: { export: { path: 'conversion-provider', name: 'people' } } },
    });
    const people = (version: string) => `${consumer}/apis/example.com/${version}/people`;
    await fixture.client.until(`${consumer}/apis/example.com/v1`, (_list, status) => status === 200);
    await fixture.client.create(people('v1'), {
      apiVersion: 'example.com/v1',
      kind: 'Person',
      metadata: { name: 'ada' },
      spec: { fullName: 'Ada Lovelace', nick: 'countess' },
    });
    const shown = await fixture.client.get(`${people('v2')}/ada`);
    expect(shown).toMatchObject({
      metadata: { annotations: { 'preserve.conversion.apis.kcp.io/v1': '{"spec.nick":"countess"}' } },
      spec: { first: 'Ada', last: 'Lovelace' },
    });
    await fixture.client.put(`${people('v2')}/ada`, { ...shown, spec: { first: 'Augusta', last: 'King' } });
    expect(await fixture.client.get(`${people('v1')}/ada`)).toMatchObject({
      spec: { fullName: 'Augusta King', nick: 'countess' },
    });
    expect((await fixture.client.list(people('v2'))).items).toMatchObject([{ spec: { first: 'Augusta' } }]);
  });
});
