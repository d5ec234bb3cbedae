import { describe, expect, test } from 'vitest';
import { useMember } from './suite.ts';

const fixture = useMember();

describe('an APIConversion', () => {
  test('converts the objects of whoever has bound its schema, and loses nothing', async () => {
    const provider = await fixture.server.createCluster('conversion-provider');
    const consumer = await fixture.server.createCluster('conversion-consumer');
    const apis = `${provider}/apis/apis.kcp.io`;
    const name = 'today.people.example.com';
    const text = { type: 'string' };
    const schemaOf = (spec: object) => ({
      type: 'object',
      properties: { spec: { type: 'object', properties: spec } },
    });
    await fixture.client.create(`${apis}/v1alpha1/apiresourceschemas`, {
      apiVersion: 'apis.kcp.io/v1alpha1',
      kind: 'APIResourceSchema',
      metadata: { name },
      spec: {
        group: 'example.com',
        names: { plural: 'people', singular: 'person', kind: 'Person', listKind: 'PersonList' },
        scope: 'Cluster',
        conversion: { strategy: 'None' },
        versions: [
          { name: 'v1', served: true, storage: true, schema: schemaOf({ fullName: text, nick: text }) },
          { name: 'v2', served: true, storage: false, schema: schemaOf({ first: text, last: text }) },
        ],
      },
    });
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
