import type { Frame, Step } from './frame.ts';
import { GrowingList, GrowingMap } from './standard/growing-values.ts';
import { goTypeName } from './value-text.ts';
import { CelError, CelList, CelMap, type CelResult, type CelValue } from './values.ts';

/** Where a comprehension keeps its variables, in the slots of the frame. */
export interface FoldSlots {
  readonly accumulator: number;
  readonly variable: number;
  readonly secondVariable: number | undefined;
}

export interface FoldSteps {
  readonly range: Step;
  readonly condition: Step;
  readonly step: Step;
  readonly result: Step;
}

/**
 * The accumulator. Its first value is computed when something asks for it, which may be never: costs
 * and faults then do not happen either, as in cel-go.
 */
export function accumulatorStep(slot: number, initial: () => Step): Step {
  return (frame) => {
    const known = frame.slots[slot];
    if (known !== undefined) return known;
    const value = growing(initial()(frame));
    frame.slots[slot] = value;
    return value;
  };
}

function growing(value: CelResult): CelResult {
  if (value instanceof CelList && value.size === 0) return new GrowingList();
  return value instanceof CelMap && value.size === 0 ? new GrowingMap() : value;
}

export function foldStep(slots: FoldSlots, steps: FoldSteps): Step {
  return (frame) => {
    frame.slots[slots.accumulator] = undefined;
    const range = steps.range(frame);
    if (range instanceof CelError) return range;
    if (range instanceof CelList) foldList(frame, range, { slots, steps });
    else if (range instanceof CelMap) foldMap(frame, range, { slots, steps });
    else return notIterable(range, slots);
    const result = steps.result(frame);
    return result instanceof GrowingList ? result.finish() : result;
  };
}

interface Fold {
  readonly slots: FoldSlots;
  readonly steps: FoldSteps;
}

function foldList(frame: Frame, list: CelList, { slots, steps }: Fold): void {
  const { size } = list;
  for (let index = 0; index < size; index++) {
    if (slots.secondVariable === undefined) {
      frame.slots[slots.variable] = list.get(index);
    } else {
      frame.slots[slots.variable] = BigInt(index);
      frame.slots[slots.secondVariable] = list.get(index);
    }
    if (!foldOne(frame, { slots, steps })) return;
  }
}

function foldMap(frame: Frame, map: CelMap, { slots, steps }: Fold): void {
  for (const key of map.keys()) {
    frame.slots[slots.variable] = key;
    if (slots.secondVariable !== undefined) {
      const value = map.get(key);
      frame.slots[slots.secondVariable] = value === undefined ? new CelError('no such key') : value;
    }
    if (!foldOne(frame, { slots, steps })) return;
  }
}

/** False when the condition says that the result is certain. A fault as a condition says nothing. */
function foldOne(frame: Frame, { slots, steps }: Fold): boolean {
  if (steps.condition(frame) === false) return false;
  frame.slots[slots.accumulator] = steps.step(frame);
  return true;
}

function notIterable(range: CelValue, slots: FoldSlots): CelError {
  const type = goTypeName(range);
  if (slots.secondVariable === undefined) return new CelError(`got '${type}', expected iterable type`);
  return new CelError(`unsupported comprehension range type: ${type}`);
}
