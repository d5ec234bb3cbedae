import { newRuleEnvironment, storedRuleEnvironment } from '../../cel/library/mod.ts';
import type { CelEnvironment, CelType } from '../../cel/mod.ts';

/** Expressions that a CRD had before an update. */
export interface KnownExpressions {
  hasRule(expression: string): boolean;
  hasMessage(expression: string): boolean;
}

/** Says for an expression what names it may use. */
export interface EnvironmentChoice {
  ofRule(expression: string): CelEnvironment;
  ofMessage(expression: string): CelEnvironment;
}

/** For rules that are evaluated: they were checked when they were stored, and get everything there is. */
export const storedExpressions: EnvironmentChoice = {
  ofRule: () => storedRuleEnvironment,
  ofMessage: () => storedRuleEnvironment,
};

/**
 * For rules that are to be stored. Those that are new may only use what the version before this one
 * understands as well, as upstream, where one may go back.
 */
export function newExpressions(known: KnownExpressions | undefined): EnvironmentChoice {
  const choose = (isKnown: boolean | undefined): CelEnvironment =>
    isKnown === true ? storedRuleEnvironment : newRuleEnvironment;
  return {
    ofRule: (expression) => choose(known?.hasRule(expression)),
    ofMessage: (expression) => choose(known?.hasMessage(expression)),
  };
}

/** The environments with `self` and `oldSelf` of one type, each made when it is first needed. */
export class SelfEnvironments {
  readonly #variables: Readonly<Record<string, CelType>>;
  readonly #made = new Map<CelEnvironment, CelEnvironment>();

  constructor(self: CelType, oldSelf: CelType) {
    this.#variables = { self, oldSelf };
  }

  of(base: CelEnvironment): CelEnvironment {
    let environment = this.#made.get(base);
    if (environment === undefined) {
      environment = base.extend({ variables: this.#variables });
      this.#made.set(base, environment);
    }
    return environment;
  }
}
