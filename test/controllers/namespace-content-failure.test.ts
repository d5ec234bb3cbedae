import { expect, it } from 'vitest';
import { convert, useConversions } from '../conformance/conversion.suite.ts';
import type { KubeObject } from '../http/client.ts';
import { converting } from '../support/conversion-webhook.ts';
import { conditionOf, member } from './family.ts';

const fixture = useConversions();

it('the deletion of a namespace tells which objects it cannot delete, and goes on once it can', async () => {
  const { client, webhook } = fixture;
  const kind = await fixture.define();
  const namespace = await fixture.member.namespace();
  const path = `/api/v1/namespaces/${namespace}`;
  const places = kind.path('v1').replace('/namespaces/default/', `/namespaces/${namespace}/`);
  for (const name of ['here', 'there'])
    await client.create(places, kind.object('v1', name, { hostPort: 'a:1' }));
  await member(client, `${path}/configmaps`, { name: 'other' });
  // What is stored in v1 has to be converted from now on, and cannot be.
  const { spec } = await client.get(kind.crd);
  const { versions } = spec as { readonly versions: readonly { readonly name: string }[] };
  await client.patch(kind.crd, {
    spec: { versions: versions.map((version) => ({ ...version, storage: version.name === 'v2' })) },
  });
  webhook.answer = () => ({ code: 500, body: 'broken' });
  await client.delete(path);
  const stuck = await client.until(path, (object) => failureOf(object)?.['status'] === 'True');
  expect(failureOf(stuck)).toEqual({
    type: 'NamespaceDeletionContentFailure',
    status: 'True',
    lastTransitionTime: expect.any(String),
    reason: 'ContentDeletionFailed',
    message:
      `Failed to delete all resource types, 1 remaining: conversion webhook for ${kind.group}/v1, Kind=Place failed: ` +
      'an error on the server ("unknown") has prevented the request from succeeding',
  });
  expect(conditionOf(stuck, 'NamespaceContentRemaining')).toMatchObject({
    status: 'True',
    reason: 'SomeResourcesRemain',
    message: `Some resources are remaining: places.${kind.group} has 2 resource instances`,
  });
  // Others were not held up.
  expect((await client.call(`${path}/configmaps/other`)).status).toBe(404);
  webhook.answer = converting(convert);
  await client.untilGone(path);
});

function failureOf(namespace: KubeObject): Readonly<Record<string, string>> | undefined {
  return conditionOf(namespace, 'NamespaceDeletionContentFailure');
}
