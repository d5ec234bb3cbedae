import { CelType, isDyn, isSameType, listType, mapType, typeTypeOf } from './types.ts';

/**
 * What type variables stand for, by their names. Changed in place, with a journal to take back what an
 * attempt has changed that failed: copies would make many empty lists in one expression quadratic.
 */
export class Substitutions {
  readonly #types = new Map<string, CelType>();
  readonly #journal: (readonly [string, CelType | undefined])[] = [];

  get(name: string): CelType | undefined {
    return this.#types.get(name);
  }

  set(name: string, type: CelType): void {
    this.#journal.push([name, this.#types.get(name)]);
    this.#types.set(name, type);
  }

  /** Keeps what the attempt changes if it gives true. */
  attempt(unifies: () => boolean): boolean {
    this.#journal.length = 0;
    if (unifies()) return true;
    for (let change = this.#journal.pop(); change !== undefined; change = this.#journal.pop()) {
      const [name, before] = change;
      if (before === undefined) this.#types.delete(name);
      else this.#types.set(name, before);
    }
    return false;
  }
}

/** Whether `from` may be used where `to` is wanted; what that says about variables is kept. */
export function assign(substitutions: Substitutions, from: CelType, to: CelType): boolean {
  return substitutions.attempt(() => unify(substitutions, from, to));
}

export function assignAll(
  substitutions: Substitutions,
  from: readonly CelType[],
  to: readonly CelType[],
): boolean {
  return substitutions.attempt(() => unifyAll(substitutions, from, to));
}

/** Of two types that go together, the one that allows more. */
export function mostGeneral(a: CelType, b: CelType): CelType {
  return isLessSpecific(a, b) ? a : b;
}

/** Replaces type variables; the ones that stand for nothing become dyn when `freeBecomesDyn`. */
export function substitute(
  substitutions: Pick<Substitutions, 'get'>,
  written: CelType,
  options: { readonly freeBecomesDyn: boolean },
): CelType {
  const type = followed(substitutions, written);
  if (type.kind === 'typeParam') return options.freeBecomesDyn ? dyn : type;
  if (type.parameters.length === 0) return type;
  const parameters = type.parameters.map((parameter) => substitute(substitutions, parameter, options));
  if (parameters.every((parameter, index) => parameter === type.parameters[index])) return type;
  switch (type.kind) {
    case 'list':
      return listType(parameters[0]!);
    case 'map':
      return mapType(parameters[0]!, parameters[1]!);
    case 'type':
      return typeTypeOf(parameters[0]!);
    default:
      return new CelType({ kind: type.kind, name: type.name, parameters });
  }
}

/** What a variable stands for at last, which may be a variable that is free. */
function followed(substitutions: Pick<Substitutions, 'get'>, written: CelType): CelType {
  let type = written;
  while (type.kind === 'typeParam') {
    const next = substitutions.get(type.name);
    if (next === undefined) return type;
    type = next;
  }
  return type;
}

const dyn = new CelType({ kind: 'dyn', name: 'dyn' });

type Trial = Substitutions;

function unifyAll(trial: Trial, from: readonly CelType[], to: readonly CelType[]): boolean {
  return from.length === to.length && from.every((type, index) => unify(trial, type, to[index]!));
}

function unify(trial: Trial, from: CelType, to: CelType): boolean {
  if (to.kind === 'typeParam') {
    const found = bind(trial, from, to);
    if (found.isValid) return true;
    if (found.wasBound) return false;
  }
  if (from.kind === 'typeParam') return bind(trial, to, from).isValid;
  if (isDyn(from) || from.kind === 'error' || isDyn(to) || to.kind === 'error') return true;
  if (from.kind === 'null') return takesNull(to);
  if (to.kind === 'null') return takesNull(from);
  switch (from.kind) {
    case 'type':
      return to.kind === 'type';
    case 'opaque':
    case 'list':
    case 'map':
      return (
        from.kind === to.kind && from.name === to.name && unifyAll(trial, from.parameters, to.parameters)
      );
    default:
      return from.kind === to.kind && from.name === to.name;
  }
}

/** Things of structure have always been comparable with null in cel-go. */
function takesNull(type: CelType): boolean {
  switch (type.kind) {
    case 'opaque':
    case 'object':
    case 'any':
    case 'duration':
    case 'timestamp':
    case 'null':
      return true;
    default:
      return type.isNullable;
  }
}

/** Lets the variable stand for the type, or finds what it stands for to agree with it. */
function bind(trial: Trial, type: CelType, variable: CelType): { isValid: boolean; wasBound: boolean } {
  if (type.kind === 'typeParam' && type.name === variable.name) return { isValid: true, wasBound: true };
  const bound = trial.get(variable.name);
  if (bound === undefined) {
    const isValid = isFreeOf(trial, variable, type);
    if (isValid) trial.set(variable.name, type);
    return { isValid, wasBound: false };
  }
  if (isSameType(type, bound)) return { isValid: true, wasBound: true };
  if (!unify(trial, type, bound)) return { isValid: false, wasBound: true };
  const general = mostGeneral(type, bound);
  if (isFreeOf(trial, variable, general)) trial.set(variable.name, general);
  return { isValid: true, wasBound: true };
}

/** The variable occurs nowhere within the type: otherwise it would stand for something infinite. */
function isFreeOf(trial: Trial, variable: CelType, type: CelType): boolean {
  let within = type;
  while (within.kind === 'typeParam') {
    if (within.name === variable.name) return false;
    const bound = trial.get(within.name);
    if (bound === undefined) return true;
    within = bound;
  }
  return within.parameters.every((parameter) => isFreeOf(trial, variable, parameter));
}

function isLessSpecific(a: CelType, b: CelType): boolean {
  if (isDyn(a) || a.kind === 'typeParam') return true;
  if (isDyn(b) || b.kind === 'typeParam') return false;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'type':
      return true;
    case 'opaque':
      return (
        a.name === b.name &&
        a.parameters.length === b.parameters.length &&
        a.parameters.every((parameter, index) => isLessSpecific(parameter, b.parameters[index]!))
      );
    case 'list':
    case 'map':
      return a.parameters.every((parameter, index) => isLessSpecific(parameter, b.parameters[index]!));
    default:
      return isSameType(a, b);
  }
}
