import type { Expression } from '../expression.ts';
import { accumulatorName, type ExpressionFactory, type MacroDeclaration, MacroError } from '../macro.ts';

const INPUT = '@__sortBy_input__';
const SORTABLE: readonly Expression['kind'][] = ['list', 'select', 'ident', 'comprehension', 'call'];

/** `list.sortBy(x, key)` of cel-go's lists extension: binds the list, maps it to its keys, and sorts by these. */
export const sortByMacro: MacroDeclaration = {
  name: 'sortBy',
  isMember: true,
  argumentCount: 2,
  expand: ({ target, args, make }) => {
    if (target === undefined) return undefined;
    if (!SORTABLE.includes(target.kind)) {
      return new MacroError(
        target.id,
        'sortBy can only be applied to a list, identifier, comprehension, call or select expression',
      );
    }
    const keys = keysOf(args, make);
    if (keys instanceof MacroError) return keys;
    return make.comprehension({
      range: make.list([]),
      variable: '#unused',
      accumulator: INPUT,
      initial: target,
      condition: make.literal(false),
      step: make.ident(INPUT),
      result: make.memberCall('@sortByAssociatedKeys', make.ident(INPUT), [keys]),
    });
  },
};

/** The same as the macro `map` makes of the list. */
function keysOf([variable, key]: readonly Expression[], make: ExpressionFactory): Expression | MacroError {
  if (variable?.kind !== 'ident') return new MacroError(variable!.id, 'argument is not an identifier');
  if (variable.name === accumulatorName || variable.name === '__result__') {
    return new MacroError(variable.id, 'iteration variable overwrites accumulator variable');
  }
  return make.comprehension({
    range: make.ident(INPUT),
    variable: variable.name,
    initial: make.list([]),
    condition: make.literal(true),
    step: make.call('_+_', [make.accumulator(), make.list([key!])]),
    result: make.accumulator(),
  });
}
