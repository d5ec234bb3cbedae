import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  type JsonObject,
  parseQuantity,
  type Quantity,
  QuantityError,
  quantityOfInteger,
  subtractQuantities,
} from '../../machinery/mod.ts';
import type { QuotaState } from './quota-state.ts';

const ONE = quantityOfInteger(1n, 'DecimalSI');
const ZERO = quantityOfInteger(0n, 'DecimalSI');

/** A quota that has to be written, with the new numbers of `status.used`. */
export interface Charge {
  readonly quota: QuotaState;
  readonly used: Readonly<Record<string, string>>;
}

/**
 * Why a quota does not let one more object in, in upstream's words; undefined when all do. First come those
 * whose use is not known yet: before that, nobody can say that there is room.
 */
export function refusalOf(quotas: readonly QuotaState[], names: readonly string[]): string | undefined {
  for (const quota of quotas) {
    const bounded = boundedNames(quota, names);
    if (bounded.every((name) => quota.used[name] !== undefined)) continue;
    return `status unknown for quota: ${quota.object.metadata.name}, resources: ${bounded.join(',')}`;
  }
  for (const quota of quotas) {
    const exceeded = boundedNames(quota, names).filter((name) => !hasRoom(quota, name));
    if (exceeded.length === 0) continue;
    const requested = exceeded.map((name) => `${name}=1`).join(',');
    const used = printAmounts(quota.used, exceeded);
    const limited = printAmounts(quota.hard, exceeded);
    return `exceeded quota: ${quota.object.metadata.name}, requested: ${requested}, used: ${used}, limited: ${limited}`;
  }
  return undefined;
}

/** What one object more or less does to quotas. Never below zero; what is not counted yet stays so. */
export function chargesOf(
  quotas: readonly QuotaState[],
  names: readonly string[],
  delta: 1 | -1,
): readonly Charge[] {
  const charges: Charge[] = [];
  for (const quota of quotas) {
    const used: Record<string, string> = {};
    for (const name of boundedNames(quota, names)) {
      const before = amountOf(quota.used[name]);
      if (before === undefined) continue;
      const after = delta === 1 ? addQuantities(before, ONE) : subtractQuantities(before, ONE);
      used[name] = formatQuantity(compareQuantities(after, ZERO) < 0 ? ZERO : after);
    }
    if (Object.keys(used).length > 0) charges.push({ quota, used });
  }
  return charges;
}

/** The names that a quota bounds, sorted; none of a quota with scopes, which no counted object can match. */
function boundedNames(quota: QuotaState, names: readonly string[]): readonly string[] {
  if (quota.isScoped) return [];
  return names.filter((name) => quota.hard[name] !== undefined).sort();
}

function hasRoom(quota: QuotaState, name: string): boolean {
  const used = amountOf(quota.used[name]) ?? ZERO;
  const hard = amountOf(quota.hard[name]) ?? ZERO;
  return compareQuantities(addQuantities(used, ONE), hard) <= 0;
}

function printAmounts(amounts: JsonObject, names: readonly string[]): string {
  return names.map((name) => `${name}=${formatQuantity(amountOf(amounts[name]) ?? ZERO)}`).join(',');
}

function amountOf(value: JsonObject[string]): Quantity | undefined {
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  try {
    return parseQuantity(String(value));
  } catch (error) {
    // Validated when it was written; whoever changed the rules since has the controller count again.
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}
