import { limits } from '../../../base/mod.ts';
import {
  boolType,
  CelCompileError,
  type CelEnvironment,
  type CompiledExpression,
  compileCel,
  isSameType,
  optionalType,
  type SizeHints,
  stringType,
  TOO_MANY_PARTS_FAULT,
} from '../../cel/mod.ts';
import type { Schema, ValidationRule } from '../schema.ts';
import type { CompileEffort } from '../schema-effort.ts';
import { celTypeOf, type DeclaredType } from './declared-type.ts';
import { type EnvironmentChoice, SelfEnvironments } from './rule-environment.ts';
import { normalizeFieldPath } from './rule-field-path.ts';

/** A rule that can be evaluated, or what hinders it. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  /** Undefined where there is an error, or no expression at all. */
  readonly program?: CompiledExpression;
  readonly error?: string;
  readonly usesOldSelf: boolean;
  /** What one evaluation costs at most. */
  readonly costMax: number;
  readonly message?: CompiledExpression;
  readonly messageError?: string;
  readonly messageCostMax: number;
  /** Of fieldPath, as paths of errors spell it; empty if there is none. */
  readonly fieldPath: string;
}

/** Compiles the rules of one node, whose type is `declared`. */
export function compileRules(
  schema: Schema,
  declared: DeclaredType,
  choice: EnvironmentChoice,
  effort?: CompileEffort,
): CompiledRule[] {
  const self = celTypeOf(declared, SELF_TYPE_NAME);
  const hints = sizeHintsOf(declared);
  const plain = new SelfEnvironments(self, self);
  const optional = new SelfEnvironments(self, optionalType(self));
  return (schema['x-kubernetes-validations'] ?? []).map((rule) =>
    compileRule(rule, {
      schema,
      environments: rule.optionalOldSelf === true ? optional : plain,
      choice,
      hints,
      effort,
    }),
  );
}

/** Upstream's name changes with the clock, so that no expression can rely on it. None can say this one. */
const SELF_TYPE_NAME = 'selfType';

interface Surroundings {
  readonly schema: Schema;
  readonly environments: SelfEnvironments;
  readonly choice: EnvironmentChoice;
  readonly hints: SizeHints;
  readonly effort: CompileEffort | undefined;
}

function compileRule(rule: ValidationRule, surroundings: Surroundings): CompiledRule {
  const { environments, choice, hints } = surroundings;
  const failed = { rule, usesOldSelf: false, costMax: 0, messageCostMax: 0, fieldPath: '' };
  if (rule.rule.trim() === '') return failed;
  const program = tryCompile(environments.of(choice.ofRule(rule.rule)), rule.rule, surroundings.effort);
  if (typeof program === 'string') return { ...failed, error: program };
  if (!isSameType(program.resultType, boolType)) {
    return { ...failed, error: 'cel expression must evaluate to a bool' };
  }
  const compiled = {
    ...failed,
    program,
    usesOldSelf: program.referencedNames.has('oldSelf'),
    costMax: program.estimateCost(hints).max,
  };
  return { ...compiled, ...compileMessage(rule, surroundings) };
}

/** A message that does not compile keeps the rule from having a fieldPath, as upstream's. */
function compileMessage(rule: ValidationRule, surroundings: Surroundings): Partial<CompiledRule> {
  const { schema, environments, choice, hints } = surroundings;
  const fieldPath = rule.fieldPath ? (normalizeFieldPath(rule.fieldPath, schema) ?? '') : '';
  if (!rule.messageExpression) return { fieldPath };
  const environment = environments.of(choice.ofMessage(rule.messageExpression));
  const message = tryCompile(environment, rule.messageExpression, surroundings.effort);
  if (typeof message === 'string') return { messageError: `messageExpression ${message}` };
  if (!isSameType(message.resultType, stringType)) {
    return { messageError: 'messageExpression must evaluate to a string' };
  }
  return { message, messageCostMax: message.estimateCost(hints).max, fieldPath };
}

/** The compiled expression, or why there is none. */
function tryCompile(
  environment: CelEnvironment,
  source: string,
  effort: CompileEffort | undefined,
): CompiledExpression | string {
  if (effort?.isSpent === true) return TOO_MANY_PARTS;
  try {
    const compiled = compileCel(environment, source);
    effort?.spend(compiled.partCount);
    return compiled;
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error;
    // Nobody counted its parts. Some were made of nothing but macros.
    effort?.spend(Math.max(source.length / CHARACTERS_PER_PART, error.message.length / CHARACTERS_PER_PART));
    if (error.message.includes(TOO_MANY_PARTS_FAULT)) effort?.spend(limits.celExpressionPartsMax);
    const stage = error.stage === 'program' ? 'program instantiation' : 'compilation';
    return `${stage} failed: ${error.message}`;
  }
}

const CHARACTERS_PER_PART = 4;
const TOO_MANY_PARTS = `the expressions of this definition have more than ${limits.celDefinitionPartsMax} parts in all`;

/** What the schema says of sizes, for the path of a value from `self`. */
function sizeHintsOf(self: DeclaredType): SizeHints {
  return {
    estimateSize({ path }) {
      if (path === undefined || path.length === 0) return undefined;
      let node: DeclaredType | undefined = self;
      for (const name of path.slice(1)) {
        if (name === '@items' || name === '@values') node = node.element;
        // Keys are strings of which nothing is known, and upstream takes that for a length of zero.
        else if (name === '@keys') node = node.isMap === true ? UNSIZED : undefined;
        else node = node.fields?.get(name);
        if (node === undefined) return undefined;
      }
      return { min: 0, max: node.elementsMax };
    },
  };
}

const UNSIZED: DeclaredType = { scalar: stringType, elementsMax: 0, bytesMin: 0 };
