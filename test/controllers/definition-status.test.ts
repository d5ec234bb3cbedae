import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CONTROLLERS } from '../../src/api/mod.ts';
import { Client, type KubeObject } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { conditionOf, DEFINITIONS, defineWidgets, widgetDefinition } from './family.ts';

const APPROVAL = 'api-approved.kubernetes.io';

let server: InProcessServer;
let client: Client;

beforeAll(async () => {
  server = await startInProcess();
  client = new Client(server);
});

afterAll(async () => {
  client?.close();
  await server?.stop();
});

it('brings back the conditions of a CRD that somebody took away', async () => {
  const path = `${DEFINITIONS}/widgets.cleared.example.com`;
  await defineWidgets(client, 'cleared.example.com', 'Namespaced');
  await client.patch(`${path}/status`, { status: { conditions: [] } });
  await client.until(path, isEstablished);
  await expectQuiet();
});

it('brings back the accepted names of a CRD that somebody took away', async () => {
  const path = `${DEFINITIONS}/widgets.renamed.example.com`;
  await defineWidgets(client, 'renamed.example.com', 'Namespaced');
  await client.patch(`${path}/status`, {
    status: { acceptedNames: { singular: 'other', shortNames: ['o'] } },
  });
  const crd = await client.until(path, (object) => acceptedNames(object)?.['singular'] === 'widget');
  expect(acceptedNames(crd)?.['shortNames']).toBeUndefined();
  await expectQuiet();
});

it('follows the approval of a CRD in a group of Kubernetes', async () => {
  const path = `${DEFINITIONS}/widgets.approval.k8s.io`;
  const definition = widgetDefinition('approval.k8s.io', 'Namespaced');
  const metadata = { name: 'widgets.approval.k8s.io', annotations: { [APPROVAL]: 'unapproved, a test' } };
  await client.create(DEFINITIONS, { ...definition, metadata });
  const reason = (crd: KubeObject) => conditionOf(crd, 'KubernetesAPIApprovalPolicyConformant')?.['reason'];
  await client.until(path, (crd) => isEstablished(crd) && reason(crd) === 'UnapprovedAnnotation');
  await client.patch(path, { metadata: { annotations: { [APPROVAL]: 'https://example.com/approval' } } });
  await client.until(path, (crd) => reason(crd) === 'ApprovedAnnotation');
  await expectQuiet();
});

it('leaves a CRD alone when a conflict of names has been told', async () => {
  const path = `${DEFINITIONS}/gadgets.conflict.example.com`;
  await defineWidgets(client, 'conflict.example.com', 'Namespaced');
  const definition = widgetDefinition('conflict.example.com', 'Namespaced') as { spec: { names: object } };
  const names = { ...definition.spec.names, plural: 'gadgets' };
  const metadata = { name: 'gadgets.conflict.example.com' };
  await client.create(DEFINITIONS, { ...definition, metadata, spec: { ...definition.spec, names } });
  await client.until(path, (crd) => conditionOf(crd, 'NamesAccepted')?.['status'] === 'False');
  await client.patch(path, { metadata: { labels: { changed: 'true' } } });
  await expectNoWrites();
});

function isEstablished(crd: KubeObject): boolean {
  return ['Established', 'NamesAccepted'].every((type) => conditionOf(crd, type)?.['status'] === 'True');
}

function acceptedNames(crd: KubeObject): Readonly<Record<string, unknown>> | undefined {
  return (crd['status'] as { acceptedNames?: Readonly<Record<string, unknown>> } | undefined)?.acceptedNames;
}

/** Nothing is owed any more, and nothing is written. */
async function expectQuiet(): Promise<void> {
  await expect.poll(debts).toBe(0);
  await expectNoWrites();
}

async function expectNoWrites(): Promise<void> {
  await delay(200);
  const { revision } = server.api.store;
  await delay(300);
  expect(server.api.store.revision).toBe(revision);
}

async function debts(): Promise<number> {
  let count = 0;
  const snapshot = server.api.store.snapshot();
  for await (const batch of snapshot.work(CONTROLLERS.crd)) count += batch.length;
  snapshot.close();
  return count;
}
