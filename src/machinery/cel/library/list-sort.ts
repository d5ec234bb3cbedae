import { CelArray, CelError, type CelList, type CelResult, itemsOf, typeOf } from '../values.ts';
import { compareValues, isOrdered } from './ordering.ts';

/**
 * The elements in the order of their keys. Elements with the same key keep their order; upstream's sort does so up
 * to twelve elements, and leaves it open beyond.
 */
export function sortByKeys(list: CelList, keyList: CelList): CelResult {
  if (list.size !== keyList.size) {
    return new CelError(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${list.size} and ${keyList.size} elements respectively`,
    );
  }
  const keys = itemsOf(keyList);
  const first = keys[0];
  if (first === undefined) return list;
  if (!isOrdered(first)) return new CelError('list elements must be comparable');
  const { name } = typeOf(first);
  if (keys.some((key: CelResult) => key instanceof CelError || typeOf(key).name !== name)) {
    return new CelError('list elements must have the same type');
  }
  const items = itemsOf(list);
  const order = keys.map((_, index) => index);
  order.sort((a, b) => compareValues(keys[a]!, keys[b]!) ?? 0);
  return new CelArray(order.map((index) => items[index]!));
}
