import { at, child, type FieldError, forbidden, invalid } from '../../field-error.ts';
import { type JsonValue, objectOf } from '../../json-value.ts';
import type { Schema, ValidationRule } from '../schema.ts';
import { CompileEffort } from '../schema-effort.ts';
import { additionalSchemaOf } from '../schema-nodes.ts';
import { type DeclaredType, declaredTypeOf } from './declared-type.ts';
import { escapePropertyName } from './property-names.ts';
import { type CompiledRule, compileRules } from './rule-compiler.ts';
import { costErrorText, multiplyCost, RULE_COST_MAX, TotalCost } from './rule-costs.ts';
import { type EnvironmentChoice, type KnownExpressions, newExpressions } from './rule-environment.ts';
import { occurrencesMaxOf } from './type-sizes.ts';

export interface RuleCheckOptions {
  /** Errors of the schema itself: rules are not looked at above them, where types may not be what they seem. */
  readonly schemaErrors: readonly FieldError[];
  /** A schema that was accepted before is not refused for the cost of one rule. */
  readonly isUnchanged: boolean;
  /** What the CRD said before. */
  readonly known?: KnownExpressions | undefined;
  /** What all schemas of the CRD may take together. */
  readonly effort?: CompileEffort | undefined;
}

/**
 * Compiles every `x-kubernetes-validations` of a structural schema and says, in upstream's words, what is
 * wrong with it: expressions that do not compile, that cannot tell old from new, or that cost too much.
 */
export function checkRules(schema: Schema, path: string, options: RuleCheckOptions): FieldError[] {
  const total = new TotalCost();
  const errors: FieldError[] = [];
  const checker = new RuleChecker(options, total, errors);
  const type = () => declaredTypeOf(schema, { isResourceRoot: true });
  checker.checkNode({ schema, path, type, isRuled: false, occurrencesMax: 1 });
  return [...errors, ...total.errors(path)];
}

/** Compiling holds the event loop, and no real schema has as many. */
const RULES_MAX = 2_000;

interface Place {
  readonly schema: Schema;
  readonly path: string;
  /** Looked up only where rules are. */
  readonly type: () => DeclaredType | undefined;
  /** Has this node or one above it rules. */
  readonly isRuled: boolean;
  /** How often a value of this node can be in an object, if lists and maps above have bounds. */
  readonly occurrencesMax: number | undefined;
  /** The outermost list or map whose items have no counterpart in the old object. */
  readonly uncorrelatable?: string;
}

class RuleChecker {
  readonly #options: RuleCheckOptions;
  readonly #total: TotalCost;
  readonly #errors: FieldError[];
  readonly #choice: EnvironmentChoice;
  readonly #effort: CompileEffort;
  #rulesLeft = RULES_MAX;

  constructor(options: RuleCheckOptions, total: TotalCost, errors: FieldError[]) {
    this.#options = options;
    this.#total = total;
    this.#errors = errors;
    this.#choice = newExpressions(options.known);
    this.#effort = options.effort ?? new CompileEffort();
  }

  checkNode(place: Place): void {
    const { schema, path } = place;
    const rules = schema['x-kubernetes-validations'] ?? [];
    const below: Place = {
      ...place,
      isRuled: place.isRuled || rules.length > 0,
      occurrencesMax: occurrencesBelow(place),
    };
    const additional = additionalSchemaOf(schema);
    if (additional !== undefined) {
      const type = (): DeclaredType | undefined => elementTypeOf(below, additional);
      this.checkNode({ ...below, schema: additional, path: child(path, 'additionalProperties'), type });
    }
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const type = (): DeclaredType | undefined => fieldTypeOf(below, name, property);
      this.checkNode({ ...below, schema: property, path: at(child(path, 'properties'), name), type });
    }
    if (schema.items !== undefined) {
      const items = schema.items;
      const type = (): DeclaredType | undefined => elementTypeOf(below, items);
      const uncorrelatable =
        place.uncorrelatable ?? (schema['x-kubernetes-list-type'] === 'map' ? undefined : path);
      this.checkNode({
        ...below,
        schema: items,
        path: child(path, 'items'),
        type,
        ...(uncorrelatable === undefined ? {} : { uncorrelatable }),
      });
    }
    if (rules.length > 0 && !this.#hasSchemaErrors(path)) this.#checkRulesOf(place);
  }

  #hasSchemaErrors(path: string): boolean {
    return this.#options.schemaErrors.some(
      ({ field }) => field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`),
    );
  }

  #checkRulesOf(place: Place): void {
    const path = child(place.path, 'x-kubernetes-validations');
    this.#rulesLeft -= place.schema['x-kubernetes-validations']?.length ?? 0;
    if (this.#rulesLeft < 0) {
      this.#errors.push(forbidden(path, `must not have more than ${RULES_MAX} rules in one schema`));
      return;
    }
    const declared = place.type();
    if (declared === undefined) {
      const detail =
        'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';
      this.#errors.push({ type: 'InternalError', field: path, detail });
      return;
    }
    const occurrencesMax = place.occurrencesMax ?? occurrencesMaxOf(declared.bytesMin);
    compileRules(place.schema, declared, this.#choice, this.#effort).forEach((compiled, index) => {
      this.#checkRule(compiled, at(path, index), occurrencesMax);
      this.#checkOldSelf(compiled, at(path, index), place);
    });
  }

  #checkRule(compiled: CompiledRule, path: string, occurrencesMax: number): void {
    const rulePath = child(path, 'rule');
    const cost = multiplyCost(compiled.costMax, occurrencesMax);
    this.#checkCost(rulePath, 'estimated rule cost', cost);
    if (compiled.error !== undefined) {
      this.#errors.push(invalid(rulePath, printedRule(compiled.rule), compiled.error));
    }
    const messagePath = child(path, 'messageExpression');
    if (compiled.messageError !== undefined) {
      this.#errors.push(invalid(messagePath, printedRule(compiled.rule), compiled.messageError));
    } else if (compiled.message !== undefined) {
      this.#checkCost(messagePath, 'estimated messageExpression cost', compiled.messageCostMax);
    }
  }

  #checkCost(path: string, what: string, cost: number): void {
    if (!this.#options.isUnchanged && cost > RULE_COST_MAX) {
      this.#errors.push(forbidden(path, costErrorText(what, cost, RULE_COST_MAX)));
    }
    this.#total.add(path, cost);
  }

  #checkOldSelf({ rule, usesOldSelf }: CompiledRule, path: string, { uncorrelatable }: Place): void {
    if (!usesOldSelf) {
      if (rule.optionalOldSelf === undefined || rule.optionalOldSelf === null) return;
      const detail = 'may not be set if oldSelf is not used in rule';
      this.#errors.push(invalid(child(path, 'optionalOldSelf'), rule.optionalOldSelf, detail));
    } else if (uncorrelatable !== undefined) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
      this.#errors.push(invalid(child(path, 'rule'), rule.rule, detail));
    }
  }
}

function occurrencesBelow({ schema, occurrencesMax }: Place): number | undefined {
  if (occurrencesMax === undefined) return undefined;
  let bound: number | bigint | undefined = 1;
  if (schema.type === 'array') bound = schema.maxItems;
  else if (schema.type === 'object' && isMap(schema)) bound = schema.maxProperties;
  return bound === undefined ? undefined : multiplyCost(occurrencesMax, Math.max(0, Number(bound)));
}

function isMap({ additionalProperties }: Schema): boolean {
  return additionalProperties !== undefined && additionalProperties !== null;
}

/** Below rules, a field has the type that its object gives it: of metadata that is not what the schema says. */
function fieldTypeOf({ isRuled, type }: Place, name: string, property: Schema): DeclaredType | undefined {
  const escaped = escapePropertyName(name);
  const inherited = isRuled && escaped !== undefined ? type()?.fields?.get(escaped) : undefined;
  return inherited ?? ownTypeOf(property);
}

function elementTypeOf({ isRuled, type }: Place, element: Schema): DeclaredType | undefined {
  return (isRuled ? type()?.element : undefined) ?? ownTypeOf(element);
}

function ownTypeOf(schema: Schema): DeclaredType | undefined {
  return declaredTypeOf(schema, { isResourceRoot: schema['x-kubernetes-embedded-resource'] === true });
}

/** The rule as upstream prints it: Go's names, in their order. */
function printedRule(rule: ValidationRule): JsonValue {
  return objectOf({
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  });
}
