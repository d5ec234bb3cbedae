import { type FieldError, fieldErrorText, invalid } from '../field-error.ts';

/** Errors beyond this are not kept: a hostile object and schema could make millions. */
export const ERRORS_MAX = 100;

/**
 * Work of one validation, in checked nodes. An object has at most some ten thousand nodes and a schema some
 * thousand branches; their product would hold the event loop for minutes.
 */
const WORK_MAX = 2_000_000;

/** The errors of one schema on one value, and how far the value followed the schema. */
export class ValidationReport {
  readonly errors: FieldError[] = [];
  /** The number of checks made. Among failing alternatives upstream explains the one with most. */
  matches = 0;

  get isValid(): boolean {
    return this.errors.length === 0;
  }

  add(error: FieldError): void {
    if (this.errors.length < ERRORS_MAX) this.errors.push(error);
  }

  merge(other: ValidationReport): void {
    for (const error of other.errors) this.add(error);
    this.matches += other.matches;
  }

  /** The errors without repetitions, which arise where several branches say the same. */
  distinctErrors(): FieldError[] {
    if (this.errors.length < 2) return this.errors;
    const seen = new Set<string>();
    return this.errors.filter((error) => {
      const text = fieldErrorText(error);
      if (seen.has(text)) return false;
      seen.add(text);
      return true;
    });
  }
}

/** The work that validations may still cause. Several values of one request share one. */
export class WorkBudget {
  #left = WORK_MAX;

  /** Takes from what is left; false when there is not enough. */
  spend(work: number): boolean {
    this.#left -= work;
    return this.#left >= 0;
  }

  get isExhausted(): boolean {
    return this.#left < 0;
  }
}

/** Where a validated value stands in its object, and the budget of its validation. */
export class ValidationScope {
  readonly base: string;
  readonly budget: WorkBudget;
  /** The value is the default of a schema. */
  readonly isDefault: boolean;

  /** @param base the path of the validated value, `''` for a whole object */
  constructor(
    base: string,
    {
      budget,
      isDefault = false,
    }: { readonly budget?: WorkBudget | undefined; readonly isDefault?: boolean | undefined } = {},
  ) {
    this.base = base;
    this.budget = budget ?? new WorkBudget();
    this.isDefault = isDefault;
  }

  spend(work: number): boolean {
    return this.budget.spend(work);
  }

  get isExhausted(): boolean {
    return this.budget.isExhausted;
  }

  /** The field path of a path below the value. Upstream prints the root as `<nil>`, and items of it as `a.[0]`. */
  field(path: string): string {
    const name = path.startsWith('.') ? path.slice(1) : path;
    if (name === '') return this.base === '' ? '<nil>' : this.base;
    if (this.base === '') return name;
    return `${this.base}.${name}`;
  }

  exhaustedError(): FieldError {
    return invalid(this.field(''), '', 'the object takes too much work to be validated against its schema');
  }
}
