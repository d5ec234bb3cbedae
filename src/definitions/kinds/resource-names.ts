import {
  type FieldError,
  invalid,
  type JsonValue,
  parseQuantity,
  type Quantity,
  QuantityError,
  qualifiedNameErrors,
} from '../../machinery/mod.ts';

/** Errors of a compute resource's name (core validation's validateResourceName). */
export function validateResourceName(name: string, path: string): FieldError[] {
  const errors = qualifiedNameErrors(name).map((detail) => invalid(path, name, detail));
  if (errors.length > 0) return errors;
  return isQualified(name) || STANDARD_RESOURCES.has(name) || isHugePages(name)
    ? []
    : [invalid(path, name, 'must be a standard resource type or fully qualified')];
}

/** Errors of a resource's name in a quota. */
export function validateQuotaResourceName(name: string, path: string): FieldError[] {
  const errors = validateResourceName(name, path);
  if (!isQualified(name) && !isQuotaResource(name)) {
    errors.push(invalid(path, name, 'must be a standard resource for quota'));
  }
  return errors;
}

/** Errors of a resource's name in the limits of a container or pod. */
export function validateContainerResourceName(name: string, path: string): FieldError[] {
  const errors = validateResourceName(name, path);
  if (!isQualified(name)) {
    if (!CONTAINER_RESOURCES.has(name) && !name.startsWith('hugepages-')) {
      errors.push(invalid(path, name, 'must be a standard resource for containers'));
    }
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

/** Errors of an amount of a resource: not negative, and whole where the resource is counted. */
export function validateResourceAmount(name: string, value: JsonValue, path: string): FieldError[] {
  const amount = quantityOf(value);
  if (amount === undefined) return [];
  const errors: FieldError[] = [];
  if (amount.unscaled < 0n) errors.push(invalid(path, value, 'must be greater than or equal to 0'));
  if ((COUNTED_RESOURCES.has(name) || isExtended(name)) && !isWhole(amount)) {
    errors.push(invalid(path, value, 'must be an integer'));
  }
  return errors;
}

/** A resource of the system, which may be asked for in excess of what there is; huge pages may not. */
export function allowsOvercommit(name: string): boolean {
  return isNative(name) && !name.startsWith('hugepages-');
}

/** A resource that quotas know by a name of their own. */
export function isQuotaResource(name: string): boolean {
  return (STANDARD_RESOURCES.has(name) && name !== 'storage') || isHugePages(name);
}

/** The quantity, or undefined for what is none. */
export function quantityOf(value: JsonValue | undefined): Quantity | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  try {
    return parseQuantity(String(value));
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

function isWhole(amount: Quantity): boolean {
  if (amount.scale >= 0) return true;
  // Upstream looks at thousandths, rounded up; anything finer is not whole either.
  return amount.unscaled % 10n ** BigInt(-amount.scale) === 0n;
}

function isQualified(name: string): boolean {
  return name.includes('/');
}

/** Names without prefix, and those of kubernetes.io, belong to the system. */
function isNative(name: string): boolean {
  return !isQualified(name) || name.includes('kubernetes.io/');
}

function isExtended(name: string): boolean {
  if (isNative(name) || name.startsWith('requests.')) return false;
  return qualifiedNameErrors(`requests.${name}`).length === 0;
}

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-') || name.startsWith('requests.hugepages-');
}

const CONTAINER_RESOURCES: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);

const COUNTED_RESOURCES: ReadonlySet<string> = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

const STANDARD_RESOURCES: ReadonlySet<string> = new Set([
  ...COUNTED_RESOURCES,
  ...CONTAINER_RESOURCES,
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'storage',
  'requests.storage',
]);
