import { type Filter, type PathStep, type PathSteps, parsePath, type Slice } from './json-path-parser.ts';
import { isObject, type JsonValue } from './json-value.ts';

export { JsonPathError } from './json-path-parser.ts';

/** A compiled path. */
export interface JsonPath {
  /**
   * The values that the path selects, in order (keys of a map sorted). A missing key selects nothing. An
   * evaluation that upstream ends with an error (an index out of range, a filter over something that is
   * no list, a comparison of different types) selects nothing either, and so does one that visits more
   * than {@link JSON_PATH_VALUES_MAX} values: a printer column shows an empty cell for all of these.
   */
  evaluate(value: JsonValue): JsonValue[];
}

/**
 * Bound of the work of one evaluation: all values that its steps produce count. A list of 500 objects
 * with ten columns then costs at most a second or two of a hostile author's own request; honest columns
 * visit a handful.
 */
export const JSON_PATH_VALUES_MAX = 10_000;

/**
 * Compiles an expression of kubectl's JSONPath dialect: `.a.b`, `['a']`, `[0]`, `[-1]`, `[*]`, `.*`,
 * `[a:b:c]`, `[0,2]`, `[?(@.type=="Ready")]`, `..name`, `\.` in names; braces around it are optional.
 * Throws JsonPathError if it is not well-formed.
 */
export function compileJsonPath(path: string): JsonPath {
  const steps = parsePath(path);
  return {
    evaluate(value) {
      try {
        return new Evaluation().run([value], steps);
      } catch (error) {
        if (error instanceof EvaluationEnd) return [];
        throw error;
      }
    },
  };
}

/** What is wrong with a path of a CRD that must be a simple one (upstream's texts), or undefined. */
export function validateSimplePath(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (!path.startsWith('.')) return 'must be a simple json path starting with .';
  return undefined;
}

/** Ends an evaluation that has no meaningful result. Never leaves this file. */
class EvaluationEnd extends Error {}

type Emit = (value: JsonValue) => void;

class Evaluation {
  #remaining = JSON_PATH_VALUES_MAX;

  run(input: readonly JsonValue[], steps: PathSteps): JsonValue[] {
    let values = [...input];
    for (const step of steps) values = this.#step(values, step);
    return values;
  }

  #step(input: readonly JsonValue[], step: PathStep): JsonValue[] {
    const output: JsonValue[] = [];
    const emit = (value: JsonValue): void => {
      this.#visit();
      output.push(value);
    };
    switch (step.kind) {
      case 'literal':
        emit(step.value);
        break;
      case 'field':
        for (const value of input) emitField(value, step.name, emit);
        break;
      case 'wildcard':
        for (const value of input) for (const child of childrenOf(value)) emit(child);
        break;
      case 'descent':
        for (const value of input) this.#descend(value, emit);
        break;
      case 'slice':
        for (const value of input) emitSlice(value, step.slice, emit);
        break;
      case 'union':
        for (const path of step.paths) for (const value of this.run(input, path)) emit(value);
        break;
      case 'filter':
        for (const value of input) this.#filter(value, step.filter, emit);
        break;
      case 'keyword':
        throw new EvaluationEnd();
    }
    return output;
  }

  #visit(): void {
    this.#remaining -= 1;
    if (this.#remaining < 0) throw new EvaluationEnd();
  }

  /** The value and everything below it that has children: parents first, as upstream's recursive descent. */
  #descend(root: JsonValue, emit: Emit): void {
    const pending = [root];
    while (pending.length > 0) {
      this.#visit();
      const value = pending.pop()!;
      const children = childrenOf(value);
      if (children.length > 0) emit(value);
      for (const child of children.toReversed()) {
        if (typeof child === 'object' && child !== null) pending.push(child);
      }
    }
  }

  #filter(value: JsonValue, { left, operator, right }: Filter, emit: Emit): void {
    if (!Array.isArray(value)) throw new EvaluationEnd();
    for (const item of value) {
      this.#visit();
      const lefts = this.run([item], left);
      if (operator === 'exists') {
        if (lefts.length > 0) emit(item);
        continue;
      }
      if (lefts.length === 0) continue;
      const rights = this.run([item], right);
      if (rights.length === 0) continue;
      if (lefts.length > 1 || rights.length > 1) throw new EvaluationEnd();
      if (compare(lefts[0]!, operator, rights[0]!)) emit(item);
    }
  }
}

function emitField(value: JsonValue, name: string, emit: Emit): void {
  if (!isObject(value) || !Object.hasOwn(value, name)) return;
  const child = value[name];
  if (child !== undefined) emit(child);
}

function emitSlice(value: JsonValue, slice: Slice, emit: Emit): void {
  if (value === null) return;
  if (!Array.isArray(value)) throw new EvaluationEnd();
  const length = value.length;
  let from = slice.from ?? 0;
  if (from < 0) from += length;
  let to = slice.to ?? length;
  if (to < 0 || (to === 0 && slice.isIndex)) to += length;
  if (from === to) return;
  if (from < 0 || from >= length || to < 0 || to > length || from > to) throw new EvaluationEnd();
  const step = slice.step ?? 1;
  if (step <= 0) throw new EvaluationEnd();
  for (let index = from; index < to; index += step) emit(value[index]!);
}

/** Items of a list, or values of a map by sorted key: Go's map order is random, ours should not be. */
function childrenOf(value: JsonValue): readonly JsonValue[] {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return [];
  const children: JsonValue[] = [];
  for (const key of Object.keys(value).sort()) {
    const child = value[key];
    if (child !== undefined) children.push(child);
  }
  return children;
}

/** Like Go's text/template: only values of the same kind compare, and booleans have no order. */
function compare(left: JsonValue, operator: string, right: JsonValue): boolean {
  const order = orderOf(left, right);
  if (operator === '==') return order === 0;
  if (operator === '!=') return order !== 0;
  if (typeof left === 'boolean') throw new EvaluationEnd();
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  if (operator === '>') return order > 0;
  if (operator === '>=') return order >= 0;
  throw new EvaluationEnd();
}

function orderOf(left: JsonValue, right: JsonValue): number {
  if (typeof left === 'string' && typeof right === 'string') {
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  }
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (isNumeric(left) && isNumeric(right) && isInteger(left) === isInteger(right)) {
    return left < right ? -1 : Number(left > right);
  }
  throw new EvaluationEnd();
}

function isNumeric(value: JsonValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isInteger(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isInteger(value);
}
