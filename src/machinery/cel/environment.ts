import type { CostOverrides, FunctionDeclaration, Overload } from './functions.ts';
import type { MacroDeclaration } from './macro.ts';
import { CelType, typeTypeOf } from './types.ts';
import type { ExpressionValidator } from './validators.ts';
import { type CelValue, typeOf } from './values.ts';

/** What may be added to an environment. */
export interface EnvironmentParts {
  readonly variables?: Readonly<Record<string, CelType>>;
  /** Names with a fixed value, such as types. */
  readonly constants?: Readonly<Record<string, CelValue>>;
  readonly functions?: readonly FunctionDeclaration[];
  readonly macros?: readonly MacroDeclaration[];
  /** The ones given last are asked first. */
  readonly costOverrides?: CostOverrides;
  readonly validators?: readonly ExpressionValidator[];
  readonly options?: Partial<CelOptions>;
}

export interface CelOptions {
  /** Whether `has(x.y)` costs 1 more than x. Kubernetes: no. */
  readonly presenceTestHasCost: boolean;
  /** `duration('x')`, `timestamp('x')`, bad patterns and `[1, 'a']` are refused while compiling. Kubernetes: yes. */
  readonly validatesLiterals: boolean;
}

/** What an identifier of an expression means. */
export interface IdentDeclaration {
  readonly name: string;
  readonly type: CelType;
  /** Of a constant. */
  readonly value: CelValue | undefined;
}

const defaultOptions: CelOptions = {
  presenceTestHasCost: false,
  validatesLiterals: true,
};

/**
 * Names that expressions may use. Immutable; `extend` shares everything with the original, so that a
 * variable more costs nothing: one base environment serves all schemas.
 */
export class CelEnvironment {
  readonly options: CelOptions;
  readonly costOverrides: readonly CostOverrides[];
  readonly validators: readonly ExpressionValidator[];
  readonly #parent: CelEnvironment | undefined;
  readonly #idents = new Map<string, IdentDeclaration>();
  readonly #functions = new Map<string, readonly Overload[]>();
  readonly #macros = new Map<string, MacroDeclaration>();

  constructor(parts: EnvironmentParts, parent?: CelEnvironment) {
    this.#parent = parent;
    this.options = { ...(parent?.options ?? defaultOptions), ...parts.options };
    this.costOverrides = [
      ...(parts.costOverrides === undefined ? [] : [parts.costOverrides]),
      ...(parent?.costOverrides ?? []),
    ];
    this.validators = [...(parent?.validators ?? []), ...(parts.validators ?? [])];
    for (const [name, type] of Object.entries(parts.variables ?? {})) {
      this.#idents.set(name, { name, type, value: undefined });
    }
    for (const [name, value] of Object.entries(parts.constants ?? {})) {
      this.#idents.set(name, { name, type: constantType(value), value });
    }
    for (const declaration of parts.functions ?? []) this.#declare(declaration);
    for (const macro of parts.macros ?? []) this.#macros.set(macroKey(macro), macro);
  }

  extend(parts: EnvironmentParts): CelEnvironment {
    return new CelEnvironment(parts, this);
  }

  ident(name: string): IdentDeclaration | undefined {
    return this.#idents.get(name) ?? this.#parent?.ident(name);
  }

  /** All overloads in order of declaration; undefined when there is no such function. */
  overloads(name: string): readonly Overload[] | undefined {
    return this.#functions.get(name) ?? this.#parent?.overloads(name);
  }

  macro(call: Pick<MacroDeclaration, 'name' | 'isMember' | 'argumentCount'>): MacroDeclaration | undefined {
    const key = macroKey(call);
    return this.#macros.get(key) ?? this.#parent?.macro(call);
  }

  #declare(declaration: FunctionDeclaration): void {
    const before = this.overloads(declaration.name) ?? [];
    const ids = new Set(declaration.overloads.map((overload) => overload.id));
    const kept = before.filter((overload) => !ids.has(overload.id));
    this.#functions.set(declaration.name, [...kept, ...declaration.overloads]);
  }
}

function macroKey(call: Pick<MacroDeclaration, 'name' | 'isMember' | 'argumentCount'>): string {
  return `${call.name}:${call.argumentCount}:${call.isMember}`;
}

function constantType(value: CelValue): CelType {
  return value instanceof CelType ? typeTypeOf(value) : typeOf(value);
}
