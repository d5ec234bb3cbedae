import { type CelEnvironment, standardEnvironment } from '../../cel/mod.ts';

/** The names that rules may use beside `self` and `oldSelf`: made once, when the first rule is compiled. */
export function ruleEnvironment(): CelEnvironment {
  return standardEnvironment;
}
