/** The names under which quotas count objects, as upstream's evaluators know them. */

/** A kind, as far as counting goes. */
export interface CountedKind {
  readonly group: string;
  readonly resource: string;
}

/** Names from before `count/…`, which mean the same. */
const LEGACY_NAMES: ReadonlySet<string> = new Set(['configmaps', 'resourcequotas', 'secrets']);

/** Never counted: they come and go by themselves. Reviews, the other kinds that upstream leaves out, are not stored. */
const IGNORED: ReadonlySet<string> = new Set(['events', 'events.events.k8s.io']);

/** What upstream counts of kinds that are not served here: nothing is used of it. */
const OF_OTHER_KINDS: ReadonlySet<string> = new Set([
  'cpu',
  'ephemeral-storage',
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'memory',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
  'requests.storage',
  'services',
  'services.loadbalancers',
  'services.nodeports',
]);

const COUNT_PREFIX = 'count/';
const STORAGE_CLASS = '.storageclass.storage.k8s.io/';
const DEVICE_CLASS = '.deviceclass.resource.k8s.io/devices';

/** The names in `hard` that an object of a kind uses up, one of each. */
export function countedNames({ group, resource }: CountedKind): readonly string[] {
  const kind = group === '' ? resource : `${resource}.${group}`;
  if (IGNORED.has(kind)) return [];
  const name = COUNT_PREFIX + kind;
  return group === '' && LEGACY_NAMES.has(resource) ? [name, resource] : [name];
}

/**
 * The kind whose objects a name counts; undefined for all other names. Core kinds are written without group:
 * no resource has a dot in its name.
 */
export function kindCountedBy(name: string): CountedKind | undefined {
  if (LEGACY_NAMES.has(name)) return { group: '', resource: name };
  if (!name.startsWith(COUNT_PREFIX)) return undefined;
  const kind = name.slice(COUNT_PREFIX.length);
  if (IGNORED.has(kind)) return undefined;
  const dot = kind.indexOf('.');
  return dot < 0
    ? { group: '', resource: kind }
    : { group: kind.slice(dot + 1), resource: kind.slice(0, dot) };
}

/** Whether upstream measures a name by pods, services, claims of volumes or of devices: there are none here. */
export function isOfOtherKinds(name: string): boolean {
  if (OF_OTHER_KINDS.has(name) || name.startsWith('hugepages-')) return true;
  if (name.startsWith('requests.hugepages-') || name.endsWith(DEVICE_CLASS)) return true;
  // Extended resources are only limited in what is requested of them.
  if (name.startsWith('requests.') && name.includes('/') && !name.includes('kubernetes.io/')) return true;
  const at = name.indexOf(STORAGE_CLASS);
  if (at <= 0) return false;
  const measured = name.slice(at + STORAGE_CLASS.length);
  return measured === 'persistentvolumeclaims' || measured === 'requests.storage';
}
