import type { FieldError } from '../field-error.ts';
import type { KnownExpressions } from './rules/mod.ts';
import type { Schema } from './schema.ts';
import { validateSchemaDefaults } from './schema-defaults.ts';
import { validateSchemaKeywords } from './schema-keywords.ts';
import { visitSchema } from './schema-nodes.ts';

/**
 * What an update of a CRD may keep from the schemas of all its versions before. Rules that came after the
 * first CRDs are not held against one that breaks them already, wherever it does: as upstream, one old
 * defect forgives all of its kind. And expressions that are there may use what new ones may not yet.
 */
export class SchemaHistory implements KnownExpressions {
  readonly #schemas: readonly Schema[];
  readonly #forgiven = new Map<Defect, boolean>();
  #errors: readonly FieldError[] | undefined;
  #expressions: { readonly rules: ReadonlySet<string>; readonly messages: ReadonlySet<string> } | undefined;

  constructor(schemas: readonly Schema[]) {
    this.#schemas = schemas;
  }

  /** Is this error not held against the new schema. */
  tolerates(error: FieldError): boolean {
    const defect = DEFECTS.find((isDefect) => isDefect(error));
    if (defect === undefined) return false;
    this.#errors ??= this.#schemas.flatMap((schema) => [
      ...validateSchemaKeywords(schema, ''),
      ...validateSchemaDefaults(schema, ''),
    ]);
    let isForgiven = this.#forgiven.get(defect);
    if (isForgiven === undefined) {
      isForgiven = this.#errors.some(defect);
      this.#forgiven.set(defect, isForgiven);
    }
    return isForgiven;
  }

  hasRule(expression: string): boolean {
    return this.#knownExpressions().rules.has(expression);
  }

  hasMessage(expression: string): boolean {
    return this.#knownExpressions().messages.has(expression);
  }

  #knownExpressions(): { readonly rules: ReadonlySet<string>; readonly messages: ReadonlySet<string> } {
    if (this.#expressions !== undefined) return this.#expressions;
    const rules = new Set<string>();
    const messages = new Set<string>();
    for (const schema of this.#schemas) {
      visitSchema(schema, (node) => {
        for (const { rule, messageExpression } of node['x-kubernetes-validations'] ?? []) {
          rules.add(rule);
          if (messageExpression) messages.add(messageExpression);
        }
      });
    }
    this.#expressions = { rules, messages };
    return this.#expressions;
  }
}

type Defect = (error: FieldError) => boolean;

const DEFECTS: readonly Defect[] = [
  ({ type, field }) => type === 'FieldValueNotSupported' && /(?:^|\.)type$/.test(field),
  ({ detail }) => detail === 'must not have unknown fields',
  ({ detail }) => detail === 'must be atomic as item of a list with x-kubernetes-list-type=set',
  ({ detail }) =>
    detail.startsWith('cannot be nullable when x-kubernetes-list-type is ') ||
    detail.startsWith('this property is in x-kubernetes-list-map-keys, so it '),
];
