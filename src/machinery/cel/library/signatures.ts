import type { Overload } from '../functions.ts';
import type { CelType } from '../types.ts';

type Signature = Pick<Overload, 'parameters' | 'result'>;

/** The signature of a function that is called as `f(a, b)`. */
export function callOf(parameters: readonly CelType[], result: CelType): Signature {
  return { parameters, result };
}

/** The signature of a function that is called as `a.f(b)`; the receiver is the first parameter. */
export function methodOf(
  parameters: readonly CelType[],
  result: CelType,
): Signature & { readonly isMember: true } {
  return { isMember: true, parameters, result };
}
