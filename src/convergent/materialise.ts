import { limits } from '../base/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import { addIdentity, identityOf } from './identity.ts';
import { joinView } from './join.ts';
import { isDeleted } from './lifetime.ts';
import { compareRegisters, type Register } from './register.ts';
import { describeRegister, type RegisterPath } from './register-path.ts';
import { DELETION_PATHS, type RegisterView } from './register-view.ts';
import { stampTimeMs } from './stamps.ts';

/** An object as it is served. */
export interface Materialised {
  readonly object: KubeObject;
  /** What had to be left out of a merge that broke the schema: the content of the condition `MergeInvalid`. */
  readonly leftOut: readonly LeftOut[];
  /** False if nothing that is left out makes it valid, so that all is in it: of a schema that was changed since. */
  readonly isValid: boolean;
}

export interface LeftOut {
  readonly path: RegisterPath;
  /** The path as people read it. */
  readonly field: string;
  readonly region: string;
  /** When it was written, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** Whether an object fits the schema and rules of its definition: a pure function, the same in every region. */
export type ObjectCheck = (object: KubeObject) => boolean;

/**
 * The object that a document says: a pure function of the document and the definition, so that every region serves the
 * same. Each edit was valid where it was made; where two of them together are not, registers are left out, newest first,
 * until the object is valid, and what need not be left out for that comes back. The number of attempts is bounded by the
 * size of the document, not by the time that they take, which would differ between regions.
 *
 * @returns undefined for an object that is deleted, or of which the document does not say who it is
 */
export function materialise(view: RegisterView, check: ObjectCheck = () => true): Materialised | undefined {
  if (isDeleted(view) || identityOf(view) === undefined) return undefined;
  const attempt = (leftOut: ReadonlySet<Register>): KubeObject =>
    addIdentity(joinView(view, { leftOut }), view);
  const whole = attempt(NONE);
  if (check(whole)) return { object: whole, leftOut: [], isValid: true };
  const leftOut = new Repair(view, (registers) => check(attempt(registers))).run();
  if (leftOut === undefined) return { object: whole, leftOut: [], isValid: false };
  return { object: attempt(new Set(leftOut)), leftOut: leftOut.map(describe), isValid: true };
}

const NONE: ReadonlySet<Register> = new Set();

/** Looks for what to leave out of an object that is not valid. */
class Repair {
  /** Newest first, and so those that are parked before all others. */
  readonly #registers: readonly Register[];
  readonly #isValid: (leftOut: ReadonlySet<Register>) => boolean;
  #attempts: number;

  constructor(view: RegisterView, isValid: (leftOut: ReadonlySet<Register>) => boolean) {
    this.#registers = [...view.byPath]
      .filter(([path]) => !DELETION_PATHS.has(path))
      .flatMap(([, registers]) => registers)
      .sort(compareRegisters);
    this.#isValid = isValid;
    this.#attempts = Math.max(
      ATTEMPTS_MIN,
      Math.min(
        limits.repairAttemptsMax,
        Math.floor(limits.repairRegistersMax / (this.#registers.length + 1)),
      ),
    );
  }

  /** The registers to leave out; undefined if nothing helps. */
  run(): readonly Register[] | undefined {
    const culprits: Register[] = [];
    let enough = this.#leastEnough();
    if (enough === undefined) return undefined;
    // Without the newest `enough` registers the object is valid, with the last one of them it was not: that one is
    // to blame, and whether the newer ones are, too, is seen when they come back.
    while (enough > 0) {
      const culprit = this.#registers[enough - 1]!;
      culprits.push(culprit);
      enough--;
      if (this.#try(culprits, 0)) return culprits;
      const found = this.#bisect(culprits, enough);
      if (found === undefined) return [...culprits, ...this.#registers.slice(0, enough)];
      enough = found;
    }
    return culprits;
  }

  /** The number of newest registers without which the object is valid, while with the last one of them it is not. */
  #leastEnough(): number | undefined {
    for (let count = 1; ; count *= 2) {
      const bounded = Math.min(count, this.#registers.length);
      if (this.#try([], bounded)) return this.#bisect([], bounded) ?? bounded;
      if (bounded === this.#registers.length || this.#attempts <= 0) return undefined;
    }
  }

  /** Between none, which are not enough, and `enough`, which are; undefined when the attempts are used up. */
  #bisect(culprits: readonly Register[], enough: number): number | undefined {
    let tooFew = 0;
    let valid = enough;
    while (valid - tooFew > 1) {
      if (this.#attempts <= 0) return undefined;
      const middle = Math.floor((tooFew + valid) / 2);
      if (this.#try(culprits, middle)) valid = middle;
      else tooFew = middle;
    }
    return valid;
  }

  #try(culprits: readonly Register[], newest: number): boolean {
    this.#attempts--;
    return this.#isValid(new Set([...culprits, ...this.#registers.slice(0, newest)]));
  }
}

/** Enough to halve the largest document and to try its parts. */
const ATTEMPTS_MIN = 20;

function describe({ path, region, stamp }: Register): LeftOut {
  return { path, field: describeRegister(path), region, timeMs: stampTimeMs(stamp) };
}
