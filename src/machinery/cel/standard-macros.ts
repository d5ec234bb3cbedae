import type { Expression } from './expression.ts';
import { accumulatorName, type MacroCall, type MacroDeclaration, MacroError } from './macro.ts';

type Variables = readonly [string] | readonly [string, string];

/** has, all, exists, exists_one, map, filter and their forms with two variables. */
export const standardMacros: readonly MacroDeclaration[] = [
  { name: 'has', isMember: false, argumentCount: 1, expand: expandHas },
  // cel-go's standard set, which Kubernetes uses, does not have `existsOne` with one variable.
  ...['all', 'exists', 'exists_one'].map((name) =>
    quantifier(name, oneVariable('argument must be a simple name'), 2),
  ),
  ...['all', 'exists', 'exists_one', 'existsOne'].map((name) => quantifier(name, twoVariables, 3)),
  {
    name: 'map',
    isMember: true,
    argumentCount: 2,
    expand: (call) => expandMap(call, undefined, call.args[1]!),
  },
  {
    name: 'map',
    isMember: true,
    argumentCount: 3,
    expand: (call) => expandMap(call, call.args[1], call.args[2]!),
  },
  { name: 'filter', isMember: true, argumentCount: 2, expand: expandFilter },
  transform('transformList', expandTransformList, 3),
  transform('transformList', expandTransformList, 4),
  transform('transformMap', expandTransformMap, 3),
  transform('transformMap', expandTransformMap, 4),
  transform('transformMapEntry', expandTransformMapEntry, 3),
  transform('transformMapEntry', expandTransformMapEntry, 4),
];

/** The function that transformMap and transformMapEntry insert with. */
export const mapInsertName = 'cel.@mapInsert';

function expandHas({ args, make }: MacroCall): Expression | MacroError {
  const [arg] = args;
  if (arg?.kind === 'select') return make.presenceTest(arg.operand, arg.field);
  return new MacroError(arg!.id, 'invalid argument to has() macro');
}

function quantifier(
  name: string,
  variablesOf: (args: readonly Expression[]) => Variables | MacroError,
  argumentCount: number,
): MacroDeclaration {
  const expand = (call: MacroCall) => {
    const variables = variablesOf(call.args);
    if (variables instanceof MacroError) return variables;
    return expandQuantifier(name, call, variables);
  };
  return { name, isMember: true, argumentCount, expand };
}

function expandQuantifier(name: string, { target, args, make }: MacroCall, variables: Variables): Expression {
  const predicate = args.at(-1)!;
  const range = { range: target!, ...named(variables) };
  switch (name) {
    case 'all':
      return make.comprehension({
        ...range,
        initial: make.literal(true),
        condition: make.call('@not_strictly_false', [make.accumulator()]),
        step: make.call('_&&_', [make.accumulator(), predicate]),
        result: make.accumulator(),
      });
    case 'exists':
      return make.comprehension({
        ...range,
        initial: make.literal(false),
        condition: make.call('@not_strictly_false', [make.call('!_', [make.accumulator()])]),
        step: make.call('_||_', [make.accumulator(), predicate]),
        result: make.accumulator(),
      });
    default: {
      const incremented = make.call('_+_', [make.accumulator(), make.literal(1n)]);
      return make.comprehension({
        ...range,
        initial: make.literal(0n),
        condition: make.literal(true),
        step: make.call('_?_:_', [predicate, incremented, make.accumulator()]),
        result: make.call('_==_', [make.accumulator(), make.literal(1n)]),
      });
    }
  }
}

function expandMap(call: MacroCall, filter: Expression | undefined, transformed: Expression) {
  const variables = oneVariable('argument is not an identifier')(call.args);
  if (variables instanceof MacroError) return variables;
  const { make } = call;
  const step = make.call('_+_', [make.accumulator(), make.list([transformed])]);
  return collect(call, { variables, initial: make.list([]), step, filter });
}

function expandFilter(call: MacroCall): Expression | MacroError {
  const variables = oneVariable('argument is not an identifier')(call.args);
  if (variables instanceof MacroError) return variables;
  const { make, args } = call;
  const step = make.call('_+_', [make.accumulator(), make.list([args[0]!])]);
  return collect(call, { variables, initial: make.list([]), step, filter: args[1] });
}

function transform(
  name: string,
  expandWith: (
    call: MacroCall,
    variables: readonly [string, string],
    filter: Expression | undefined,
  ) => Expression,
  argumentCount: number,
): MacroDeclaration {
  const expand = (call: MacroCall) => {
    const variables = twoVariables(call.args);
    if (variables instanceof MacroError) return variables;
    return expandWith(call, variables, argumentCount === 4 ? call.args[2] : undefined);
  };
  return { name, isMember: true, argumentCount, expand };
}

function expandTransformList(
  call: MacroCall,
  variables: Variables,
  filter: Expression | undefined,
): Expression {
  const { make } = call;
  const step = make.call('_+_', [make.accumulator(), make.list([call.args.at(-1)!])]);
  return collect(call, { variables, initial: make.list([]), step, filter });
}

function expandTransformMap(
  call: MacroCall,
  variables: readonly [string, string],
  filter: Expression | undefined,
): Expression {
  const { make } = call;
  const step = make.call(mapInsertName, [make.accumulator(), make.ident(variables[0]), call.args.at(-1)!]);
  return collect(call, { variables, initial: make.map([]), step, filter });
}

function expandTransformMapEntry(
  call: MacroCall,
  variables: readonly [string, string],
  filter: Expression | undefined,
): Expression {
  const { make } = call;
  const step = make.call(mapInsertName, [make.accumulator(), call.args.at(-1)!]);
  return collect(call, { variables, initial: make.map([]), step, filter });
}

/** A comprehension that builds a list or a map, skipping what the filter says no to. */
function collect(
  { target, make }: MacroCall,
  parts: {
    readonly variables: Variables;
    readonly initial: Expression;
    readonly step: Expression;
    readonly filter: Expression | undefined;
  },
): Expression {
  const condition = make.literal(true);
  const step =
    parts.filter === undefined
      ? parts.step
      : make.call('_?_:_', [parts.filter, parts.step, make.accumulator()]);
  return make.comprehension({
    range: target!,
    ...named(parts.variables),
    initial: parts.initial,
    condition,
    step,
    result: make.accumulator(),
  });
}

function named(variables: Variables): { readonly variable: string; readonly secondVariable?: string } {
  const [variable, secondVariable] = variables;
  return secondVariable === undefined ? { variable } : { variable, secondVariable };
}

function oneVariable(message: string) {
  return (args: readonly Expression[]): readonly [string] | MacroError => {
    const [arg] = args;
    if (arg?.kind !== 'ident') return new MacroError(arg!.id, message);
    return arg.name === accumulatorName ? overwrites(arg) : [arg.name];
  };
}

function twoVariables(args: readonly Expression[]): readonly [string, string] | MacroError {
  const [first, second] = args;
  for (const arg of [first, second]) {
    if (arg?.kind !== 'ident') return new MacroError(arg!.id, 'argument must be a simple name');
  }
  if (first?.kind !== 'ident' || second?.kind !== 'ident') return ['', ''];
  if (first.name === second.name) return new MacroError(second.id, `duplicate variable name: ${first.name}`);
  if (first.name === accumulatorName) return overwrites(first);
  return second.name === accumulatorName ? overwrites(second) : [first.name, second.name];
}

function overwrites(variable: Expression): MacroError {
  return new MacroError(variable.id, 'iteration variable overwrites accumulator variable');
}
