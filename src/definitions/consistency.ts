/**
 * How a provider says that the objects of its API are written in any region. An APIResourceSchema that has it is of that
 * consistency for ever: objects are kept in another place then.
 */
export const CONSISTENCY_ANNOTATION = 'planet.antipode.dev/consistency';

/** Consistencies that can be chosen. Whoever wants the usual one chooses nothing. */
export const CONSISTENCIES = ['Convergent'] as const;
export type Consistency = (typeof CONSISTENCIES)[number];

// No identity begins like this: they are hexadecimal.
const CONVERGENT = 'convergent.';

/**
 * The identity in the keys of objects that converge because their provider has chosen it. The key itself says so: every
 * region finds the same log for it at every time, whatever it has heard of the API so far, and by a look at a text.
 */
export function convergentIdentity(identity: string): string {
  return CONVERGENT + identity;
}

/** Whether the identity in a key is such a one. */
export function isConvergentIdentity(identity: string): boolean {
  return identity.startsWith(CONVERGENT);
}

/** What is said to be the consistency of a kind; undefined for the usual one. */
export function consistencyOf(text: unknown): Consistency | undefined {
  return CONSISTENCIES.find((one) => one === text);
}
