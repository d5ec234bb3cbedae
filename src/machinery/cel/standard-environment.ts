import { CelEnvironment } from './environment.ts';

/** The language itself: operators, conversions, macros, optional values, comprehensions with two variables. */
export const standardEnvironment = new CelEnvironment({});
