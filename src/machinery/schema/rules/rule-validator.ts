import { at, child, type FieldError, invalid } from '../../field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../../json-value.ts';
import type { CorrelatedValue } from '../correlated-value.ts';
import { MapList } from '../map-list.ts';
import type { Schema } from '../schema.ts';
import { additionalSchemaOf } from '../schema-nodes.ts';
import { ERRORS_MAX } from '../validation-report.ts';
import { type DeclaredType, declaredTypeOf } from './declared-type.ts';
import { escapePropertyName } from './property-names.ts';
import { withResourceProperties } from './resource-properties.ts';
import { type CompiledRule, compileRules } from './rule-compiler.ts';
import { storedExpressions } from './rule-environment.ts';
import { type EvaluationPlace, evaluateRules, RuleBudget } from './rule-evaluation.ts';

export interface RuleOptions {
  /** The path of the value, `''` for a whole object. */
  readonly path: string;
  /** What the value replaces, if anything: without it rules that look back are not asked. */
  readonly old?: JsonValue | undefined;
  /** Where nothing changed, a broken rule is a warning. */
  readonly correlation?: CorrelatedValue | undefined;
  readonly budget?: RuleBudget;
  /** Told of the errors that are not held against the update, at most 100. */
  readonly warn?: ((error: FieldError) => void) | undefined;
}

/**
 * The rules (`x-kubernetes-validations`) of a schema, ready to be evaluated. A node is compiled when the
 * first value reaches it, and kept as long as the validator.
 */
export class RuleValidator {
  readonly #root: RuleNode;

  private constructor(root: RuleNode) {
    this.#root = root;
  }

  /** Undefined if the schema has no rules. */
  static of(
    schema: Schema,
    { isResourceRoot }: { readonly isResourceRoot: boolean },
  ): RuleValidator | undefined {
    if (!hasRules(schema)) return undefined;
    const type = declaredTypeOf(schema, { isResourceRoot });
    return new RuleValidator(new RuleNode(schema, type, { isResourceRoot }));
  }

  /** The rules that a value breaks. At most 100 errors; the cost of all evaluations is bounded. */
  validate(value: JsonValue, options: RuleOptions): FieldError[] {
    let warnings = 0;
    const warn = (error: FieldError): void => {
      if (warnings++ < ERRORS_MAX) options.warn?.(error);
    };
    const run: Run = { errors: [], budget: options.budget ?? new RuleBudget(), warn };
    const { path, old, correlation } = options;
    this.#root.validate(value, { path, old, ratchet: { here: correlation } }, run);
    return run.errors.slice(0, ERRORS_MAX);
  }
}

interface Run {
  readonly errors: FieldError[];
  readonly budget: RuleBudget;
  readonly warn: (error: FieldError) => void;
}

/** The counterpart of a value, or of the innermost value around it that has one. */
interface Ratchet {
  readonly here?: CorrelatedValue | undefined;
  readonly above?: CorrelatedValue | undefined;
}

interface Place {
  readonly path: string;
  readonly old: JsonValue | undefined;
  readonly ratchet: Ratchet;
}

/** One node of a schema, with the nodes below it that have rules. */
class RuleNode {
  readonly #schema: Schema;
  readonly #type: DeclaredType | undefined;
  readonly #isResourceRoot: boolean;
  readonly #properties = new Map<string, RuleNode | undefined>();
  #element: RuleNode | undefined;
  #rules: readonly CompiledRule[] | undefined;

  constructor(
    schema: Schema,
    type: DeclaredType | undefined,
    { isResourceRoot }: { readonly isResourceRoot: boolean },
  ) {
    this.#schema = schema;
    this.#type = type;
    this.#isResourceRoot = isResourceRoot;
  }

  validate(value: JsonValue, place: Place, run: Run): void {
    // Rules about null stand at the node around it, and are not asked here.
    if (value === null) return;
    if ((this.#schema['x-kubernetes-validations'] ?? []).length > 0) this.#evaluate(value, place, run);
    if (Array.isArray(value)) this.#validateItems(value, place, run);
    else if (isObject(value)) this.#validateEntries(value, place, run);
  }

  #evaluate(value: JsonValue, { path, old, ratchet }: Place, run: Run): void {
    const field = path === '' ? '<nil>' : path;
    if (this.#type === undefined) {
      const detail =
        'rule compiler initialization error: failed to convert to declType for CEL validation rules';
      run.errors.push(invalid(field, this.#schema.type ?? '', detail));
      return;
    }
    this.#rules ??= compileRules(this.#schema, this.#type, storedExpressions);
    const schema = this.#isResourceRoot ? withResourceProperties(this.#schema) : this.#schema;
    const evaluation: EvaluationPlace = {
      path,
      schema,
      value,
      old: old ?? undefined,
      isUnchanged: () => (ratchet.here ?? ratchet.above)?.isUnchanged === true,
      ...run,
    };
    evaluateRules(this.#rules, evaluation);
  }

  #validateItems(list: readonly JsonValue[], { path, old, ratchet }: Place, run: Run): void {
    const items = this.#schema.items;
    if (items === undefined || !hasRules(items)) return;
    const node = this.#elementNode(items);
    const oldItems = new MapList(this.#schema, Array.isArray(old) ? old : []);
    for (let index = 0; index < list.length && !isOver(run); index++) {
      const item = list[index] ?? null;
      const next = belowOf(ratchet, (counterpart) => counterpart.index(index));
      node.validate(item, { path: at(path, index), old: oldItems.find(item), ratchet: next }, run);
    }
  }

  #validateEntries(object: JsonObject, { path, old, ratchet }: Place, run: Run): void {
    const additional = additionalSchemaOf(this.#schema);
    const values =
      additional !== undefined && hasRules(additional) ? this.#elementNode(additional) : undefined;
    for (const key of Object.keys(object)) {
      if (isOver(run)) return;
      const property = this.#propertyNode(key);
      if (values === undefined && property === undefined) continue;
      const value = object[key] ?? null;
      const next: Omit<Place, 'path'> = {
        old: isObject(old) ? old[key] : undefined,
        ratchet: isRootType(key, ratchet) ? {} : belowOf(ratchet, (counterpart) => counterpart.key(key)),
      };
      values?.validate(value, { ...next, path: at(path, key) }, run);
      property?.validate(value, { ...next, path: child(path, key) }, run);
    }
  }

  #elementNode(element: Schema): RuleNode {
    this.#element ??= nodeOf(element, this.#type?.element);
    return this.#element;
  }

  #propertyNode(name: string): RuleNode | undefined {
    const properties = this.#schema.properties;
    const property =
      properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined || !hasRules(property)) return undefined;
    if (!this.#properties.has(name)) this.#properties.set(name, this.#makePropertyNode(name, property));
    return this.#properties.get(name);
  }

  /** What expressions cannot see has no rules, unless it is only the name that they cannot write. */
  #makePropertyNode(name: string, property: Schema): RuleNode | undefined {
    const escaped = escapePropertyName(name);
    const isEmbedded = property['x-kubernetes-embedded-resource'] === true;
    const type =
      escaped === undefined
        ? declaredTypeOf(property, { isResourceRoot: isEmbedded })
        : this.#type?.fields?.get(escaped);
    return type === undefined ? undefined : nodeOf(property, type);
  }
}

function nodeOf(schema: Schema, type: DeclaredType | undefined): RuleNode {
  return new RuleNode(schema, type, { isResourceRoot: schema['x-kubernetes-embedded-resource'] === true });
}

function isOver({ budget, errors }: Run): boolean {
  return budget.isOver || errors.length >= ERRORS_MAX;
}

/** Both objects were converted to one version, so that a change of the root's apiVersion cannot be seen. */
function isRootType(key: string, { above }: Ratchet): boolean {
  return above === undefined && (key === 'apiVersion' || key === 'kind');
}

function belowOf(
  ratchet: Ratchet,
  find: (counterpart: CorrelatedValue) => CorrelatedValue | undefined,
): Ratchet {
  const { here } = ratchet;
  return here === undefined ? ratchet : { here: find(here), above: here };
}

/** Has the node, or one below it outside of branches, rules. */
function hasRules(schema: Schema): boolean {
  let known = ruled.get(schema);
  if (known === undefined) {
    known =
      (schema['x-kubernetes-validations'] ?? []).length > 0 ||
      (schema.items !== undefined && hasRules(schema.items)) ||
      hasRulesIn(additionalSchemaOf(schema)) ||
      Object.values(schema.properties ?? {}).some(hasRules);
    ruled.set(schema, known);
  }
  return known;
}

function hasRulesIn(schema: Schema | undefined): boolean {
  return schema !== undefined && hasRules(schema);
}

const ruled = new WeakMap<Schema, boolean>();
