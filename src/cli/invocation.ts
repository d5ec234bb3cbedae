import { parseArgs } from 'node:util';
import { connectionFlags } from './client/connection-flags.ts';
import { type Command, type Flag, type Invocation, type Positional, UsageError } from './command.ts';
import { nearestMatch } from './nearest-match.ts';

/** What every command takes besides its own flags. */
export const helpFlag: Flag = { type: 'boolean', short: 'h', description: 'Print this help' };

/** All flags of a command: its own, those of a connection if it makes one, and `--help`. */
export function flagsOf(command: Command): Readonly<Record<string, Flag>> {
  return { ...command.flags, ...(command.connects === true ? connectionFlags : {}), help: helpFlag };
}

/**
 * Reads the arguments of a command that was called as `title`. Throws a `UsageError` that names the nearest match
 * where there is one.
 */
export function parseInvocation(
  command: Command,
  argumentList: readonly string[],
  title = `antipode ${command.name}`,
): Invocation {
  const flags = flagsOf(command);
  // Not strict: the library's own messages are long and know no nearest match. Errors are made below.
  const { tokens } = parseArgs({
    args: [...argumentList],
    options: Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, optionOf(flag)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string | boolean>();
  const lists = new Map<string, readonly string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) throw unknownFlag(title, token.rawName, Object.keys(flags));
    const value = flagValue(flag, token);
    if (flag.type !== 'list') values.set(token.name, value);
    else lists.set(token.name, [...(lists.get(token.name) ?? []), ...String(value).split(',')]);
  }
  if (values.get('help') !== true) checkPositionals(command, positionals, title);
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.default !== undefined && !values.has(name)) values.set(name, flag.default);
  }
  return { flags: Object.fromEntries(values), lists: Object.fromEntries(lists), positionals, title };
}

function optionOf(flag: Flag): { type: 'string' | 'boolean'; short?: string } {
  return {
    type: flag.type === 'boolean' ? 'boolean' : 'string',
    ...(flag.short === undefined ? {} : { short: flag.short }),
  };
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function flagValue(flag: Flag, token: OptionToken): string | boolean {
  if (flag.type === 'boolean') {
    if (token.value === undefined || token.value === 'true') return true;
    if (token.value === 'false') return false;
    throw new UsageError(`${token.rawName} takes no value, but "${token.value}" was given`);
  }
  // `--region --log-level info` has forgotten a value; `--region=--x` says that it is meant.
  const isForgotten = token.value === undefined || (!token.inlineValue && /^-./.test(token.value));
  if (isForgotten || token.value === undefined) {
    const form = `${token.rawName} ${flag.placeholder ?? 'VALUE'}`;
    throw new UsageError(`${token.rawName} needs a value: ${form}${oneOf(flag)}`);
  }
  if (flag.values !== undefined && !flag.values.includes(token.value)) {
    const nearest = nearestMatch(token.value, flag.values);
    throw new UsageError(
      `"${token.value}" is not a value of ${token.rawName}${nearest === undefined ? oneOf(flag) : `; did you mean "${nearest}"?`}`,
    );
  }
  return token.value;
}

function oneOf(flag: Flag): string {
  return flag.values === undefined ? '' : ` (one of ${flag.values.join(', ')})`;
}

function unknownFlag(title: string, rawName: string, names: readonly string[]): UsageError {
  const nearest = nearestMatch(rawName.replace(/^-+/, ''), names);
  const hint = nearest === undefined ? `see ${title} --help` : `did you mean --${nearest}?`;
  return new UsageError(`${title} has no flag ${rawName}; ${hint}`);
}

function checkPositionals(command: Command, positionals: readonly string[], title: string): void {
  const surplus = positionals[command.positionals.length];
  if (surplus !== undefined) {
    const flag = nearestMatch(surplus, Object.keys(command.flags));
    const hint = flag === undefined ? `see ${title} --help` : `did you mean --${flag}?`;
    throw new UsageError(`${title} takes no argument "${surplus}"; ${hint}`);
  }
  for (const [index, value] of positionals.entries()) {
    const allowed: Positional = command.positionals[index] ?? [];
    if (!isChoice(allowed) || allowed.includes(value)) continue;
    const nearest = nearestMatch(value, allowed);
    const hint = nearest === undefined ? `it is one of ${allowed.join(', ')}` : `did you mean "${nearest}"?`;
    throw new UsageError(`${title} does not know "${value}"; ${hint}`);
  }
}

/** Whether an argument is one of some words. */
export function isChoice(positional: Positional): positional is readonly string[] {
  return Array.isArray(positional);
}
