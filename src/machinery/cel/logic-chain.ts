import type { Expression } from './expression.ts';

/**
 * A chain of && or || as a balanced tree: cel-go's shape, which keeps long chains shallow.
 */
export function balanceChain(
  chain: {
    readonly functionName: string;
    readonly terms: readonly Expression[];
    readonly ids: readonly number[];
  },
  low: number,
  high: number,
): Expression {
  const middle = Math.floor((low + high + 1) / 2);
  const left = middle === low ? chain.terms[middle]! : balanceChain(chain, low, middle - 1);
  const right = middle === high ? chain.terms[middle + 1]! : balanceChain(chain, middle + 1, high);
  const { functionName } = chain;
  return { kind: 'call', id: chain.ids[middle]!, functionName, target: undefined, args: [left, right] };
}
