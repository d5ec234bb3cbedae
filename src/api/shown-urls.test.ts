import { describe, expect, it } from 'vitest';
import { builtinDefinition, ownDefinition } from '../definitions/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import { ShownUrls } from './shown-urls.ts';

const urls = new ShownUrls(() => 'https://eu.example.com:6443');
const workspaces = urls.formOf(ownDefinition('tenancy.kcp.io', 'workspaces')!);

function workspace(URL: string): KubeObject {
  return {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { annotations: { URL: '/clusters/not:meant' } },
    spec: { URL },
  };
}

describe('URLs in objects', () => {
  it('get the host of this member when they are shown', () => {
    const object = workspace('/clusters/root:a');
    workspaces.shown?.add(object);
    expect(object).toEqual({ ...object, ...workspace('https://eu.example.com:6443/clusters/root:a') });
  });

  it('are left alone when they have a host of their own', () => {
    const object = workspace('https://mounted.example.com/x');
    workspaces.shown?.add(object);
    expect(object).toEqual(workspace('https://mounted.example.com/x'));
  });

  it.each(['https://eu.example.com:6443', 'https://us.example.com'])(
    'lose the host %s when a client sends them back',
    (host) => {
      const object = workspace(`${host}/clusters/root:a`);
      workspaces.shown?.remove(object, workspace('/clusters/root:a'));
      expect(object).toEqual(workspace('/clusters/root:a'));
    },
  );

  it('keep a host that is not ours', () => {
    const object = workspace('https://us.example.com/clusters/root:b');
    workspaces.shown?.remove(object, workspace('/clusters/root:a'));
    expect(object).toEqual(workspace('https://us.example.com/clusters/root:b'));
  });

  it('are the server itself where a shard says where it is', () => {
    const shards = urls.formOf(ownDefinition('core.kcp.io', 'shards')!);
    const object = {
      ...workspace(''),
      spec: { baseURL: '/', externalURL: 'https://of-its-own.example.com' },
    };
    shards.shown?.add(object);
    expect(object.spec).toEqual({
      baseURL: 'https://eu.example.com:6443',
      externalURL: 'https://of-its-own.example.com',
    });
    shards.shown?.remove(object, undefined);
    expect(object.spec).toEqual({ baseURL: '/', externalURL: 'https://of-its-own.example.com' });
  });

  it('cost nothing where a kind has none', () => {
    const definition = builtinDefinition('', 'configmaps')!;
    expect(urls.formOf(definition)).toBe(definition);
  });
});
