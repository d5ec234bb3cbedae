import type { FunctionDeclaration, Overload } from '../functions.ts';
import { type CelType, listType, mapType, typeParameter } from '../types.ts';
import type { CelResult, CelValue } from '../values.ts';

export const typeA = typeParameter('A');
export const typeB = typeParameter('B');
export const listOfA = listType(typeA);
export const mapOfAB = mapType(typeA, typeB);

/** An overload without its code: id, types of the parameters, type of the result. */
export type Signature = readonly [id: string, parameters: readonly CelType[], result: CelType];

/** One function for all its overloads, which says itself what does not fit. */
export function unguarded(
  name: string,
  signatures: readonly Signature[],
  evaluate: (...values: CelValue[]) => CelResult,
): FunctionDeclaration {
  const overloads = signatures.map(
    ([id, parameters, result]): Overload => ({ id, parameters, result, evaluate, isUnguarded: true }),
  );
  return { name, overloads };
}

/** An overload that is called as a function. */
export function plain(signature: Signature, evaluate: (...values: never[]) => CelResult): Overload {
  const [id, parameters, result] = signature;
  return { id, parameters, result, evaluate };
}

/** An overload that is called on its first parameter. */
export function member(signature: Signature, evaluate: (...values: never[]) => CelResult): Overload {
  return { ...plain(signature, evaluate), isMember: true };
}
