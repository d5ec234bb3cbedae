import { beforeAll, expect, test } from 'vitest';
import { crdOf } from '../conformance/suite.ts';
import { describeKubectl, manifest } from './cluster.ts';

const GROUP = 'scale.example.com';

describeKubectl('kubectl scale', (cluster) => {
  beforeAll(async () => {
    const scale = {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    };
    const versions = [{ name: 'v1', subresources: { status: {}, scale } }];
    await cluster.ok('create -f -', manifest(crdOf({ group: GROUP, plural: 'sets', kind: 'Set', versions })));
    await cluster.ok(`wait --for=condition=Established crd/sets.${GROUP} --timeout=10s`);
  });

  test('scales a custom resource, also under conditions, and shows its scale', async () => {
    const ns = await cluster.namespace();
    const object = { apiVersion: `${GROUP}/v1`, kind: 'Set', metadata: { name: 'a' }, spec: { replicas: 1 } };
    await cluster.ok(`create -n ${ns} -f -`, manifest(object));
    expect(await cluster.ok(`scale -n ${ns} set a --replicas=3`)).toBe(`set.${GROUP}/a scaled`);
    expect(await cluster.ok(`scale -n ${ns} set.v1.${GROUP}/a --current-replicas=3 --replicas=4`)).toBe(
      `set.${GROUP}/a scaled`,
    );
    const refused = await cluster.fail(`scale -n ${ns} set a --current-replicas=3 --replicas=5`);
    expect(refused).toContain('Expected replicas to be 3, was 4');
    const negative = await cluster.fail(`scale -n ${ns} set missing --replicas=5`);
    expect(negative).toContain(`sets.${GROUP} "missing" not found`);
    expect(await cluster.json(`get -n ${ns} set a --subresource=scale`)).toMatchObject({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      spec: { replicas: 4 },
    });
    expect(await cluster.ok(`get -n ${ns} set a --subresource=scale`)).toMatch(
      /^NAME +DESIRED +AVAILABLE +AGE\na +4 +0 +\S+$/,
    );
    const patch = `patch -n ${ns} set a --subresource=scale --type=merge -p {"spec":{"replicas":2}}`;
    expect(await cluster.ok(patch)).toContain('patched');
    expect(await cluster.json(`get -n ${ns} set a`)).toMatchObject({ spec: { replicas: 2 } });
    expect(await cluster.ok(`api-resources --api-group=${GROUP}`)).toContain('sets');
  });
});
