import { expect, test } from 'vitest';
import { isClaimableBuiltin } from '../../src/definitions/mod.ts';
import { useMember } from '../conformance/suite.ts';
import { ExportsFixture } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;

/** What kcp lets nobody claim: limits of the workspace's own, and what is about whoever asks. */
const EXCEPTIONS = [
  'limitranges.',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'selfsubjectreviews.authentication.k8s.io',
];
/** Their kinds are claimed as apis.kcp.io, whatever is there, or by the identity of root's exports. */
const OTHER_GROUPS = ['apis.kcp.io', 'apis.kcp.dev', 'tenancy.kcp.io', 'topology.kcp.io'];

test('what every workspace serves can be claimed, but for what kcp knows as exceptions', async () => {
  const cluster = await fixture.cluster('plain');
  const { groups } = (await fixture.client.get(`/clusters/${cluster}/apis`)) as unknown as {
    readonly groups: readonly { name: string; preferredVersion: { groupVersion: string } }[];
  };
  const paths = ['api/v1', ...groups.map(({ preferredVersion }) => `apis/${preferredVersion.groupVersion}`)];
  const unclaimable: string[] = [];
  for (const path of paths) {
    const { resources } = (await fixture.client.get(`/clusters/${cluster}/${path}`)) as unknown as {
      readonly resources: readonly { name: string }[];
    };
    const group = path.startsWith('apis/') ? (path.split('/')[1] ?? '') : '';
    if (OTHER_GROUPS.includes(group)) continue;
    for (const { name } of resources) {
      if (name.includes('/') || isClaimableBuiltin({ group, resource: name })) continue;
      unclaimable.push(`${name}.${group}`);
    }
  }
  expect(unclaimable.sort()).toEqual([...EXCEPTIONS].sort());
});
