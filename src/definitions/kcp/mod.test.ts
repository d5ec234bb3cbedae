import { describe, expect, test } from 'vitest';
import { defaultCustomResourceDefinition, validateCustomResourceDefinition } from '../crd/mod.ts';
import { crdOf, kcpDefinition, kcpKinds, systemDefinition, systemDefinitions } from './mod.ts';

describe('the kinds of kcp', () => {
  test.each(kcpKinds.map((kind) => [kind.kind, kind] as const))(
    '%s is described by a valid CRD',
    (_, kind) => {
      const crd = crdOf(kind);
      defaultCustomResourceDefinition(crd);
      expect(validateCustomResourceDefinition(crd, undefined)).toEqual([]);
    },
  );

  test('have one definition each, however often they are asked for', () => {
    const binding = systemDefinition('apis.kcp.io', 'apibindings');
    expect(binding?.storageVersion).toBe('v1alpha2');
    expect(binding?.versions.map(({ name }) => name)).toEqual(['v1alpha2', 'v1alpha1']);
    expect(systemDefinition('apis.kcp.io', 'apibindings')).toBe(binding);
    expect(systemDefinitions()).toContain(binding);
    expect(systemDefinition('apis.kcp.io', 'nothing')).toBeUndefined();
  });

  test('say which of them are written everywhere', () => {
    const convergent = kcpKinds.map(kcpDefinition).filter(({ consistency }) => consistency === 'Convergent');
    expect(convergent.map(({ names }) => names.kind).sort()).toEqual([
      'APIConversion',
      'APIExport',
      'APIResourceSchema',
      'Partition',
      'PartitionSet',
      'Region',
      'Shard',
      'WorkspaceType',
    ]);
  });

  test('say through which export of root they come', () => {
    const plurals = (name: string | undefined): string[] =>
      kcpKinds.filter(({ exportedBy }) => exportedBy === name).map(({ plural }) => plural);
    expect(plurals('tenancy.kcp.io')).toEqual([
      'workspaces',
      'workspaceauthenticationconfigurations',
      'workspacetypes',
    ]);
    expect(plurals('topology.kcp.io')).toEqual(['partitions', 'partitionsets']);
    expect(plurals('shards.core.kcp.io')).toEqual(['shards']);
    expect(plurals('planet.antipode.dev')).toEqual(['regions']);
    expect(plurals(undefined)).toContain('apibindings');
    expect(plurals(undefined)).toContain('logicalclusters');
  });
});
