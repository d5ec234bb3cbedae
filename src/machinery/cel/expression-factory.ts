import { limits } from '../../base/mod.ts';
import type { Expression } from './expression.ts';
import { accumulatorName, type ExpressionFactory } from './macro.ts';

/** Thrown when an expression has more parts than any real one. */
export class TooManyParts {}

/** Gives out ids and remembers where in the source each belongs. */
export class Positions {
  readonly #offsets: number[] = [0];

  next(offset: number): number {
    if (this.#offsets.length > limits.celExpressionPartsMax) throw new TooManyParts();
    this.#offsets.push(offset);
    return this.#offsets.length - 1;
  }

  get count(): number {
    return this.#offsets.length - 1;
  }

  offsetOf(id: number): number {
    return this.#offsets[id] ?? 0;
  }
}

/** Makes the expressions of one macro's expansion, all of them at the place of its call. */
export function factoryAt(positions: Positions, offset: number): ExpressionFactory {
  const id = () => positions.next(offset);
  return {
    literal: (value) => ({ kind: 'literal', id: id(), value }),
    ident: (name) => ({ kind: 'ident', id: id(), name }),
    accumulator: () => ({ kind: 'ident', id: id(), name: accumulatorName }),
    select: (operand, field) => ({ kind: 'select', id: id(), operand, field, isTest: false }),
    presenceTest: (operand, field) => ({ kind: 'select', id: id(), operand, field, isTest: true }),
    call: (functionName, args) => ({ kind: 'call', id: id(), functionName, target: undefined, args }),
    memberCall: (functionName, target, args) => ({ kind: 'call', id: id(), functionName, target, args }),
    list: (elements) => ({ kind: 'list', id: id(), elements, optionalIndices: new Set() }),
    map: (entries) => ({
      kind: 'map',
      id: id(),
      entries: entries.map((entry) => ({ ...entry, id: id() })),
    }),
    comprehension: (parts) => ({
      kind: 'comprehension',
      id: id(),
      range: parts.range,
      variable: parts.variable,
      secondVariable: parts.secondVariable,
      accumulator: parts.accumulator ?? accumulatorName,
      initial: parts.initial,
      condition: parts.condition,
      step: parts.step,
      result: parts.result,
    }),
    copy: (expression) => copyOf(expression, (original) => positions.next(positions.offsetOf(original))),
  };
}

function copyOf(expression: Expression, idFor: (original: number) => number): Expression {
  const copy = (child: Expression) => copyOf(child, idFor);
  const id = idFor(expression.id);
  switch (expression.kind) {
    case 'literal':
    case 'ident':
      return { ...expression, id };
    case 'select':
      return { ...expression, id, operand: copy(expression.operand) };
    case 'call': {
      const target = expression.target === undefined ? undefined : copy(expression.target);
      return { ...expression, id, target, args: expression.args.map(copy) };
    }
    case 'list':
      return { ...expression, id, elements: expression.elements.map(copy) };
    case 'map': {
      const entries = expression.entries.map((entry) => ({
        ...entry,
        id: idFor(entry.id),
        key: copy(entry.key),
        value: copy(entry.value),
      }));
      return { ...expression, id, entries };
    }
    case 'struct': {
      const fields = expression.fields.map((field) => ({
        ...field,
        id: idFor(field.id),
        value: copy(field.value),
      }));
      return { ...expression, id, fields };
    }
    case 'comprehension':
      return {
        ...expression,
        id,
        range: copy(expression.range),
        initial: copy(expression.initial),
        condition: copy(expression.condition),
        step: copy(expression.step),
        result: copy(expression.result),
      };
  }
}
