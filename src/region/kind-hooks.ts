import type { KindHooks } from '../api/mod.ts';
import { claimHooks } from '../exports/mod.ts';

/** What the rooms above the API have to say about writes of single kinds; of one kind, in this order. */
export function kindHooks(): readonly KindHooks[] {
  return [...claimHooks];
}
