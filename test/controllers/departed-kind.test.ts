import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { CONTROLLERS } from '../../src/api/mod.ts';
import { ROOT_CLUSTER } from '../../src/base/mod.ts';
import { Client } from '../http/client.ts';
import { startInProcess } from '../support/in-process.ts';
import { member, untilCollected } from './family.ts';

it('deletes dependents of a custom resource also when its CRD was gone before anybody looked', async () => {
  const server = await startInProcess();
  onTestFinished(() => server.stop());
  const client = new Client(server);
  onTestFinished(() => client.close());
  const configMaps = '/api/v1/namespaces/default/configmaps';
  const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  const owner = { apiVersion: 'departed.example.com/v1', kind: 'Departed', name: 'owner', uid: 'departed' };
  await member(client, configMaps, { name: 'child', owners: [owner] });
  await client.create(roles, { metadata: { name: 'child', ownerReferences: [owner] }, rules: [] });
  await untilCollected(client, configMaps);
  expect((await client.call(`${configMaps}/child`)).status).toBe(200);
  // What the deletion of the owner has left behind, as a restart finds it.
  await server.api.store.commit({
    mutations: [],
    work: [
      { controller: CONTROLLERS.owners, cluster: ROOT_CLUSTER, key: owner.uid, payload: randomBytes(8) },
    ],
    actor: 'test',
    originRegion: '',
  });
  await client.untilGone(`${configMaps}/child`);
  await untilCollected(client, configMaps);
  // Its owner may have been in a namespace, and such a reference never deletes.
  expect((await client.call(`${roles}/child`)).status).toBe(200);
});
