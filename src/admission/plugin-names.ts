/**
 * What a name means here. `idle`: what the plugin looks at upstream is not served here (pods, nodes, volumes,
 * certificate requests …), or holds here whatever is chosen, so that it has nothing to do. `missing`: it would have, and is not done yet.
 */
export type Availability = 'on' | 'off' | 'idle' | 'missing';

interface KnownPlugin {
  readonly name: string;
  readonly is: Availability;
}

/** kcp's plugins, which run before webhooks and policies. */
const KCP_PLUGINS: readonly KnownPlugin[] = [
  { name: 'tenancy.kcp.io/Workspace', is: 'on' },
  { name: 'tenancy.kcp.io/LogicalClusterDeletionFinalizer', is: 'idle' },
  { name: 'tenancy.kcp.io/Shard', is: 'on' },
  { name: 'tenancy.kcp.io/WorkspaceType', is: 'on' },
  { name: 'tenancy.kcp.io/WorkspaceTypeExists', is: 'on' },
  { name: 'tenancy.kcp.io/APIResourceSchema', is: 'on' },
  { name: 'core.kcp.io/LogicalCluster', is: 'on' },
  { name: 'core.kcp.io/LogicalClusterObjectCountLimit', is: 'on' },
  { name: 'apis.kcp.io/APIExport', is: 'on' },
  { name: 'apis.kcp.io/APIBinding', is: 'on' },
  { name: 'apis.kcp.io/APIConversion', is: 'on' },
  { name: 'apis.kcp.io/APIBindingDeletionFinalizer', is: 'idle' },
  { name: 'apis.kcp.io/APIExportEndpointSlice', is: 'on' },
  { name: 'apis.kcp.io/ClusterCachedResource', is: 'missing' },
  { name: 'apis.kcp.io/MutatingWebhook', is: 'missing' },
  { name: 'apis.kcp.io/ValidatingWebhook', is: 'missing' },
  { name: 'KCPMutatingAdmissionPolicy', is: 'missing' },
  { name: 'KCPValidatingAdmissionPolicy', is: 'missing' },
  { name: 'apis.kcp.io/ReservedCRDAnnotations', is: 'on' },
  { name: 'kcp.io/ReservedCRDGroups', is: 'on' },
  { name: 'apis.kcp.io/ReservedNames', is: 'on' },
  { name: 'apis.kcp.io/CRDNoOverlappingGVR', is: 'missing' },
  { name: 'apis.kcp.io/ReservedMetadata', is: 'off' },
  { name: 'apis.kcp.io/PermissionClaims', is: 'on' },
  { name: 'kcp.io/PathAnnotation', is: 'on' },
];

/** All plugins in the order in which they run: upstream's, with kcp's before the webhooks. */
export const KNOWN_PLUGINS: readonly KnownPlugin[] = [
  { name: 'AlwaysAdmit', is: 'idle' },
  { name: 'NamespaceAutoProvision', is: 'missing' },
  { name: 'NamespaceLifecycle', is: 'on' },
  { name: 'NamespaceExists', is: 'off' },
  { name: 'LimitPodHardAntiAffinityTopology', is: 'idle' },
  { name: 'LimitRanger', is: 'idle' },
  { name: 'ServiceAccount', is: 'idle' },
  { name: 'NodeRestriction', is: 'idle' },
  { name: 'TaintNodesByCondition', is: 'idle' },
  { name: 'AlwaysPullImages', is: 'idle' },
  { name: 'ImagePolicyWebhook', is: 'idle' },
  { name: 'PodSecurity', is: 'idle' },
  { name: 'PodNodeSelector', is: 'idle' },
  { name: 'Priority', is: 'idle' },
  { name: 'DefaultTolerationSeconds', is: 'idle' },
  { name: 'PodTolerationRestriction', is: 'idle' },
  { name: 'EventRateLimit', is: 'missing' },
  { name: 'ExtendedResourceToleration', is: 'idle' },
  { name: 'DefaultStorageClass', is: 'idle' },
  { name: 'StorageObjectInUseProtection', is: 'idle' },
  { name: 'OwnerReferencesPermissionEnforcement', is: 'off' },
  { name: 'PersistentVolumeClaimResize', is: 'idle' },
  { name: 'RuntimeClass', is: 'idle' },
  { name: 'CertificateApproval', is: 'idle' },
  { name: 'CertificateSigning', is: 'idle' },
  { name: 'ClusterTrustBundleAttest', is: 'idle' },
  { name: 'CertificateSubjectRestriction', is: 'idle' },
  { name: 'DefaultIngressClass', is: 'idle' },
  { name: 'DenyServiceExternalIPs', is: 'idle' },
  { name: 'PodTopologyLabels', is: 'idle' },
  ...KCP_PLUGINS,
  { name: 'MutatingAdmissionPolicy', is: 'missing' },
  { name: 'MutatingAdmissionWebhook', is: 'missing' },
  { name: 'ValidatingAdmissionPolicy', is: 'missing' },
  { name: 'ValidatingAdmissionWebhook', is: 'missing' },
  { name: 'ResourceQuota', is: 'on' },
  { name: 'AlwaysDeny', is: 'off' },
];

/** What kcp calls plugins that it replaces by its own. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['WorkspaceNamespaceLifecycle', 'NamespaceLifecycle'],
  ['WorkspaceLimitRanger', 'LimitRanger'],
  ['KCPKubeResourceQuota', 'ResourceQuota'],
]);

/** Plugins that are switched on beyond the default ones, or off. */
export interface AdmissionChoice {
  readonly enable: readonly string[];
  readonly disable: readonly string[];
}

/** A choice of plugins that cannot be: the message says which flag is wrong, and how. */
export class AdmissionChoiceError extends Error {
  override readonly name = 'AdmissionChoiceError';
}

/** The names of the plugins that run, in their order. Throws {@link AdmissionChoiceError}. */
export function chosenPlugins({ enable, disable }: AdmissionChoice): readonly string[] {
  const on = new Set(enable.map((name) => knownName(name, 'enable')));
  const off = new Set(disable.map((name) => knownName(name, 'disable')));
  for (const name of on) {
    if (!off.has(name)) continue;
    throw new AdmissionChoiceError(
      `--enable-admission-plugins and --disable-admission-plugins both name ${name}: leave it out of one`,
    );
  }
  return KNOWN_PLUGINS.filter(({ name, is }) => (is === 'on' && !off.has(name)) || on.has(name)).map(
    ({ name }) => name,
  );
}

function knownName(given: string, flag: 'enable' | 'disable'): string {
  const name = ALIASES.get(given) ?? given;
  const known = KNOWN_PLUGINS.find((plugin) => plugin.name === name);
  if (known === undefined) {
    const names = KNOWN_PLUGINS.filter(({ is }) => is === 'on' || is === 'off').map((plugin) => plugin.name);
    throw new AdmissionChoiceError(
      `--${flag}-admission-plugins names "${given}", which is no admission plugin; those that have something to do are ${names.join(', ')}`,
    );
  }
  // What is not there need not be switched off.
  if (known.is === 'missing' && flag === 'enable') {
    throw new AdmissionChoiceError(
      `--enable-admission-plugins names ${given}, which is not done yet in this version: leave it out`,
    );
  }
  return name;
}
