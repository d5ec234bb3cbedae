/** The Common Expression Language as Kubernetes runs it: pure, without knowledge of schemas. */
export * from './compile.ts';
export * from './compile-error.ts';
export * from './cost-estimates.ts';
export * from './environment.ts';
export * from './equality.ts';
export type * from './expression.ts';
export * from './functions.ts';
export * from './macro.ts';
export * from './standard-environment.ts';
export * from './time-values.ts';
export * from './types.ts';
export * from './value-text.ts';
export * from './values.ts';
