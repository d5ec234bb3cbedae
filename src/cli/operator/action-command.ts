import { type Command, type Example, type Flag, type Invocation, UsageError } from '../command.ts';
import type { Terminal } from '../terminal.ts';

/** One of the things that a command does, named by its first argument. */
export interface Action {
  /** One line, without a full stop. */
  readonly does: string;
  /** What it is done to: `SHARD`. Absent: nothing more is to be named. */
  readonly argument?: string;
  readonly flags: Readonly<Record<string, Flag>>;
  run(invocation: Invocation, terminal: Terminal): Promise<number>;
}

/** A command whose first argument says what to do: `antipode shard move`. */
export function actionCommand(options: {
  readonly name: string;
  readonly summary: string;
  readonly actions: Readonly<Record<string, Action>>;
  readonly details?: readonly string[];
  readonly examples: readonly Example[];
}): Command {
  const { name, summary, actions, details = [], examples } = options;
  const names = Object.keys(actions);
  const forms = names.map((each) => [each, actions[each]?.argument ?? ''].join(' ').trimEnd());
  const width = Math.max(...forms.map((form) => form.length));
  const lines = names.map((each, index) => `  ${forms[index]?.padEnd(width)}  ${actions[each]?.does}`);
  return {
    name,
    summary,
    usage: `${names.join('|')} [flags]`,
    details: [['What it does:', ...lines].join('\n'), ...details],
    flags: Object.assign({}, ...Object.values(actions).map(({ flags }) => flags)),
    positionals: [names, { placeholder: 'NAME' }],
    connects: true,
    examples,
    run(invocation, terminal) {
      const [word, target, ...others] = invocation.positionals;
      if (word === undefined)
        throw new UsageError(`antipode ${name} needs to know what to do: ${names.join(', ')}`);
      const action = actions[word];
      if (action === undefined) throw new UsageError(`antipode ${name} does not know "${word}"`);
      const called = `antipode ${name} ${word}`;
      if (action.argument !== undefined && target === undefined)
        throw new UsageError(`${called} needs a name: ${called} ${action.argument}`);
      const surplus = action.argument === undefined ? target : others[0];
      if (surplus !== undefined) throw new UsageError(`${called} takes no argument "${surplus}"`);
      refuseStrayFlags(options, { word, action }, invocation);
      return action.run(
        { ...invocation, positionals: target === undefined ? [] : [target], title: called },
        terminal,
      );
    },
  };
}

/** A flag that means nothing to an action was meant for something. */
function refuseStrayFlags(
  { name, actions }: Parameters<typeof actionCommand>[0],
  { word, action }: { readonly word: string; readonly action: Action },
  invocation: Invocation,
): void {
  for (const { flags } of Object.values(actions)) {
    for (const [flag, { default: preset }] of Object.entries(flags)) {
      const value = invocation.flags[flag];
      if (value === undefined || value === preset || Object.hasOwn(action.flags, flag)) continue;
      const users = Object.keys(actions).filter((each) => Object.hasOwn(actions[each]?.flags ?? {}, flag));
      throw new UsageError(
        `--${flag} means nothing to antipode ${name} ${word}: it is for ${users.join(', ')}`,
      );
    }
  }
}

export function textFlag(invocation: Invocation, name: string): string | undefined {
  const value = invocation.flags[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
