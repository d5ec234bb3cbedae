import { expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import type { KubeList } from '../http/client.ts';
import { APIS, bindingOf, ExportsFixture, exportOf, SCHEMAS, schemaOf, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const GADGETS = { group: 'gadgets.example.com', plural: 'gadgets', kind: 'Gadget' };
const SLICES = 'apis/apis.kcp.io/v1alpha1/apiexportendpointslices';

/*
 * An APIExport comes with a Secret, the namespace of that, and a slice of endpoints, in one commit. Where such things
 * are claimed, whoever claims them sees them as if somebody had created them.
 */
test('what the server makes beside an object is under the claims that cover it', async () => {
  const provider = await fixture.cluster('provider');
  const consumer = await fixture.cluster('consumer');
  const claims = [
    { group: '', resource: 'secrets', verbs: ['*'] },
    { group: '', resource: 'namespaces', verbs: ['*'] },
    { group: 'apis.kcp.io', resource: 'apiexportendpointslices', verbs: ['*'] },
  ];
  await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(WIDGETS));
  const offered = exportOf('widgets', [WIDGETS]) as { spec: object };
  const spec = { ...offered.spec, permissionClaims: claims };
  await fixture.client.create(`/clusters/${provider}/${APIS}/apiexports`, { ...offered, spec });
  const binding = bindingOf('widgets', { path: provider, name: 'widgets' }) as { spec: object };
  const permissionClaims = claims.map((claim) => ({
    ...claim,
    state: 'Accepted',
    selector: { matchAll: true },
  }));
  const body = { ...binding, spec: { ...binding.spec, permissionClaims } };
  await fixture.client.create(`/clusters/${consumer}/${APIS}/apibindings`, body);
  const view = `/services/apiexport/${provider}/widgets/clusters/${consumer}`;
  const names = async (path: string) =>
    (await fixture.client.get<KubeList>(`${view}/${path}`)).items.map(({ metadata }) => metadata.name);
  // What was there before has its labels, so that nothing is left to be done by any controller.
  await fixture.client.until(`${view}/api/v1/namespaces`, (list) =>
    (list as unknown as KubeList).items.some(({ metadata }) => metadata.name === 'default'),
  );
  expect([await names('api/v1/secrets'), await names(SLICES)]).toEqual([[], []]);
  await fixture.offer(consumer, 'gadgets', [GADGETS]);
  expect(await names('api/v1/secrets')).toEqual(['gadgets']);
  expect(await names(SLICES)).toEqual(['gadgets']);
  expect(await names('api/v1/namespaces')).toEqual(expect.arrayContaining(['default', 'kcp-system']));
});
