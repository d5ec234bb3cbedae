import { goQuote } from '../machinery/mod.ts';
import type { AdmissionPlugin } from './chain.ts';
import { newAdmissionForbidden } from './refusal.ts';

/** Who may change a key; whoever may change what the system has for itself may change all others, too. */
const CLEARANCES = ['unreserved', 'admin-reserved', 'system-reserved'] as const;
type Clearance = (typeof CLEARANCES)[number];

const SYSTEM_GROUPS: readonly string[] = [
  'system:masters',
  'system:kcp:logical-cluster-admin',
  'system:kcp:external-logical-cluster-admin',
  'system:kcp:tenancy:workspace-bootstrapper',
];
const ADMIN_GROUP = 'system:kcp:admin';

/** Keys of kcp's domain that are not the system's own. One that ends in a slash stands for all behind it. */
type Rules = Readonly<Record<string, Clearance>>;

const ANNOTATIONS: Rules = {
  'kcp.io/cluster': 'unreserved',
  'kcp.io/shard': 'unreserved',
  'kcp.io/original-api-version': 'unreserved',
  'kcp.io/path': 'unreserved',
  'authorization.kcp.io/required-groups': 'unreserved',
  'experimental.tenancy.kcp.io/owner': 'unreserved',
  'experimental.tenancy.kcp.io/mount': 'unreserved',
  'experimental.tenancy.kcp.io/default-api-binding-lifecycle': 'unreserved',
  'experimental.quota.kcp.io/cluster-scoped': 'unreserved',
  'apiexports.apis.kcp.io/skip-endpointslice': 'unreserved',
  'internal.kcp.io/inactive': 'unreserved',
  'extra.apis.kcp.io/': 'unreserved',
  'apis.v1alpha2.kcp.io/': 'unreserved',
  'core.kcp.io/max-total-objects': 'admin-reserved',
  'experimental.core.kcp.io/unschedulable': 'admin-reserved',
};

const LABELS: Rules = {
  'claimed.internal.apis.kcp.io/': 'unreserved',
  'internal.apis.kcp.io/export': 'unreserved',
};

/**
 * Labels and annotations of kcp's domain are changed by the control plane alone, but for those that users are
 * meant to set. Off by default, as in kcp.
 */
export const reservedMetadata: AdmissionPlugin = {
  name: 'apis.kcp.io/ReservedMetadata',
  operations: ['CREATE', 'UPDATE'],
  validate(request) {
    const { user, object, oldObject } = request;
    const clearance = clearanceOf(user.groups);
    if (clearance === 'system-reserved') return;
    const parts = [
      { what: 'annotation', rules: ANNOTATIONS, field: 'annotations' },
      { what: 'label', rules: LABELS, field: 'labels' },
    ] as const;
    for (const { what, rules, field } of parts) {
      const [now, before] = [object?.metadata[field] ?? {}, oldObject?.metadata[field] ?? {}];
      for (const key of [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()) {
        if (now[key] === before[key]) continue;
        const needed = reservationOf(key, rules);
        if (CLEARANCES.indexOf(needed) <= CLEARANCES.indexOf(clearance)) continue;
        throw newAdmissionForbidden(request, `modification of ${needed} ${what}: ${goQuote(key)}`);
      }
    }
  },
};

function reservationOf(key: string, rules: Rules): Clearance {
  const domain = key.split('/', 1)[0] ?? '';
  if (domain !== 'kcp.io' && !domain.endsWith('.kcp.io')) return 'unreserved';
  const rule = Object.keys(rules).find((known) =>
    known.endsWith('/') ? key.startsWith(known) : key === known,
  );
  return rule === undefined ? 'system-reserved' : rules[rule]!;
}

function clearanceOf(groups: readonly string[]): Clearance {
  if (SYSTEM_GROUPS.some((group) => groups.includes(group))) return 'system-reserved';
  return groups.includes(ADMIN_GROUP) ? 'admin-reserved' : 'unreserved';
}
