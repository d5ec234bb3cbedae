import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../machinery/mod.ts';
import { kube, widgetCrd, widgetNames } from './crd.suite.ts';
import { nextCrdStatus } from './naming.ts';
import { terminatingStatus } from './terminating.ts';

const NOW = '2024-01-01T00:00:00Z';
const LATER = '2024-01-02T00:00:00Z';

function conditionsOf(status: JsonObject | undefined): unknown[] {
  const conditions = (status?.['conditions'] ?? []) as JsonObject[];
  return conditions.map(({ type, status, reason, message }) => [type, status, reason, message]);
}

function settle(crd: KubeObject, others: readonly KubeObject[] = []): KubeObject {
  for (let step = 0; step < 5; step++) {
    const status = nextCrdStatus(crd, others, NOW);
    if (status === undefined) return crd;
    crd['status'] = status;
  }
  throw new Error('the status never settles');
}

test('a CRD is installed, then established, then settled', () => {
  const crd = widgetCrd();
  const first = nextCrdStatus(crd, [], NOW);
  expect(conditionsOf(first)).toEqual([
    ['NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'],
    ['Established', 'False', 'Installing', 'the initial names have been accepted'],
  ]);
  expect(first?.['acceptedNames']).toEqual(kube(widgetNames({ shortNames: ['wd'] })));
  expect(first?.['storedVersions']).toEqual(['v1']);
  crd['status'] = first;
  const second = nextCrdStatus(crd, [], LATER);
  expect(conditionsOf(second)[1]).toEqual([
    'Established',
    'True',
    'InitialNamesAccepted',
    'the initial names have been accepted',
  ]);
  expect(second?.['conditions']).toMatchObject([{ lastTransitionTime: NOW }, { lastTransitionTime: LATER }]);
  crd['status'] = second;
  expect(nextCrdStatus(crd, [crd], LATER)).toBeUndefined();
});

test('a name that another CRD has is not accepted, and the CRD is not established', () => {
  const other = settle(widgetCrd());
  const crd = widgetCrd({
    names: widgetNames({ plural: 'gadgets', singular: 'wd', kind: 'Gadget', listKind: 'GadgetList' }),
  });
  crd.metadata.name = 'gadgets.example.com';
  const settled = settle(crd, [other]);
  expect(conditionsOf(settled['status'] as JsonObject)).toEqual([
    ['NamesAccepted', 'False', 'SingularConflict', '"wd" is already in use'],
    ['Established', 'False', 'NotAccepted', 'not all names are accepted'],
  ]);
  expect(settled['status']).toMatchObject({ acceptedNames: { plural: 'gadgets', kind: 'Gadget' } });
});

test('several short names in use are listed', () => {
  const other = settle(widgetCrd({ names: widgetNames({ shortNames: ['a', 'b'] }) }));
  const crd = widgetCrd({
    names: {
      plural: 'gadgets',
      singular: 'gadget',
      kind: 'Gadget',
      listKind: 'GadgetList',
      shortNames: ['a', 'b', 'c'],
    },
  });
  crd.metadata.name = 'gadgets.example.com';
  expect(conditionsOf(nextCrdStatus(crd, [other], NOW))[0]).toEqual([
    'NamesAccepted',
    'False',
    'ShortNamesConflict',
    '["a" is already in use, "b" is already in use]',
  ]);
});

test('a CRD stays established when a rename conflicts, and keeps its old names', () => {
  const other = settle(widgetCrd());
  const crd = widgetCrd({
    names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
  });
  crd.metadata.name = 'gadgets.example.com';
  settle(crd, [other]);
  (crd['spec'] as JsonObject)['names'] = kube({
    plural: 'gadgets',
    singular: 'widget',
    kind: 'Gadget',
    listKind: 'GadgetList',
  });
  settle(crd, [other]);
  expect(conditionsOf(crd['status'] as JsonObject)).toEqual([
    ['NamesAccepted', 'False', 'SingularConflict', '"widget" is already in use'],
    ['Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted'],
  ]);
  expect(crd['status']).toMatchObject({ acceptedNames: { singular: 'gadget' } });
});

test('a short name that is its own singular is no conflict', () => {
  expect(
    conditionsOf(
      settle(widgetCrd({ names: widgetNames({ shortNames: ['widget'] }) }))['status'] as JsonObject,
    )[0],
  ).toEqual(['NamesAccepted', 'True', 'NoConflicts', 'no conflicts found']);
});

test('a group of Kubernetes gets a condition about its approval', () => {
  const crd = widgetCrd({ group: 'x.k8s.io' });
  crd.metadata.annotations = {
    'api-approved.kubernetes.io': 'https://github.com/kubernetes/enhancements/pull/1',
  };
  expect(conditionsOf(settle(crd)['status'] as JsonObject)).toContainEqual([
    'KubernetesAPIApprovalPolicyConformant',
    'True',
    'ApprovedAnnotation',
    'approved in https://github.com/kubernetes/enhancements/pull/1',
  ]);
});

test('the steps of a deletion are told by one condition', () => {
  const crd = settle(widgetCrd());
  crd['status'] = terminatingStatus(crd, 'pending', NOW);
  expect(conditionsOf(crd['status'] as JsonObject)[2]).toEqual([
    'Terminating',
    'True',
    'InstanceDeletionPending',
    'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  ]);
  const next = terminatingStatus(crd, 'inProgress', LATER);
  expect((next['conditions'] as JsonObject[])[2]).toMatchObject({
    reason: 'InstanceDeletionInProgress',
    lastTransitionTime: NOW,
  });
  expect(conditionsOf(terminatingStatus(crd, 'completed', LATER))[2]).toEqual([
    'Terminating',
    'False',
    'InstanceDeletionCompleted',
    'removed all instances',
  ]);
});
