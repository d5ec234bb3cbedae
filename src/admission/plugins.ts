import { alwaysDeny, idle } from './always.ts';
import type { AdmissionPlugin } from './chain.ts';
import { type ClaimTable, permissionClaims } from './claims/mod.ts';
import { logicalClusterLifecycle } from './logical-cluster-lifecycle.ts';
import { namespaceExists, namespaceLifecycle } from './namespace-lifecycle.ts';
import { type OwnerReferenceGround, ownerReferencesPermission } from './owner-references.ts';
import { type QuotaLedger, resourceQuota } from './quota/mod.ts';
import { reservedCrdAnnotations, reservedCrdGroups, systemCrdGroups } from './reserved-crds.ts';
import { reservedMetadata } from './reserved-metadata.ts';
import { reservedNames } from './reserved-names.ts';

/** What plugins need of the member that they are part of. */
export interface AdmissionGround extends OwnerReferenceGround {
  readonly quotas: QuotaLedger;
  readonly claims: ClaimTable;
  /** Plugins of higher rooms. */
  readonly others?: readonly AdmissionPlugin[];
}

/** The plugins of these names, in the order given, after what no choice of plugins turns off. */
export function admissionPlugins(
  names: readonly string[],
  ground: AdmissionGround,
): readonly AdmissionPlugin[] {
  const plugins = [
    namespaceLifecycle,
    namespaceExists,
    ownerReferencesPermission(ground),
    reservedCrdAnnotations,
    reservedCrdGroups,
    reservedNames,
    reservedMetadata,
    permissionClaims(ground.claims),
    resourceQuota(ground.quotas),
    alwaysDeny,
    ...(ground.others ?? []),
  ];
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  return [logicalClusterLifecycle, systemCrdGroups, ...names.map((name) => byName.get(name) ?? idle(name))];
}
