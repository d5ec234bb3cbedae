import { type CompiledExpression, compileCel, type EvaluationOptions, type Variables } from './compile.ts';
import { CelCompileError } from './compile-error.ts';
import type { CelEnvironment } from './environment.ts';
import { CelEntries } from './standard/growing-values.ts';
import { standardEnvironment } from './standard-environment.ts';
import { intType, listType, mapType, objectType, stringType } from './types.ts';
import { celText } from './value-text.ts';
import { CelArray, CelError, CelMap, type CelValue } from './values.ts';

/** An object type as a schema gives it: fields that are found when asked for. */
export const widgetType = objectType('Widget', (field) => {
  const types = new Map([
    ['replicas', intType],
    ['maxReplicas', intType],
    ['name', stringType],
    ['ports', listType(intType)],
    ['labels', mapType(stringType, stringType)],
  ]);
  return types.get(field);
});

export const widgetEnvironment = standardEnvironment.extend({ variables: { self: widgetType } });

/** An object whose fields are converted when they are looked at; `reads` tells which were. */
export class LazyObject extends CelMap {
  readonly reads: string[] = [];
  readonly #fields: Readonly<Record<string, CelValue>>;

  constructor(fields: Readonly<Record<string, CelValue>>) {
    super();
    this.#fields = fields;
  }

  get size(): number {
    return Object.keys(this.#fields).length;
  }

  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined;
    this.reads.push(key);
    return this.#fields[key];
  }

  keys(): Iterable<CelValue> {
    return Object.keys(this.#fields);
  }
}

export function widget(): LazyObject {
  const labels = new CelEntries();
  labels.set('app', 'web');
  return new LazyObject({
    replicas: 2n,
    maxReplicas: 3n,
    name: 'front',
    ports: new CelArray([80n, 443n]),
    labels,
  });
}

export function compile(source: string, environment: CelEnvironment = widgetEnvironment): CompiledExpression {
  return compileCel(environment, source);
}

/** The text of the result, or `fault: ` and the message. */
export function evaluate(
  source: string,
  variables: Variables = { self: widget() },
  options: EvaluationOptions & { readonly environment?: CelEnvironment } = {},
): string {
  const { value } = compile(source, options.environment ?? widgetEnvironment).evaluate(variables, options);
  return value instanceof CelError ? `fault: ${value.message}` : celText(value);
}

/** The message of the error that compiling gives. */
export function refusal(source: string, environment?: CelEnvironment): string {
  try {
    compile(source, environment);
  } catch (error) {
    if (error instanceof CelCompileError) return error.message;
    throw error;
  }
  throw new Error(`compiles: ${source}`);
}
