import { alwaysDeny, idle } from './always.ts';
import type { AdmissionPlugin } from './chain.ts';
import { type ClaimTable, permissionClaims } from './claims/mod.ts';
import { kcpPlugins } from './kcp/mod.ts';
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
    ...kcpPlugins,
    ...(ground.others ?? []),
  ];
  // What one plugin of kcp's does may be done in several rooms here.
  const named = (name: string) => plugins.filter((plugin) => plugin.name === name);
  return [
    logicalClusterLifecycle,
    systemCrdGroups,
    ...names.flatMap((name) => {
      const found = named(name);
      return found.length > 0 ? found : [idle(name)];
    }),
  ];
}
