import { parseArgs } from 'node:util';
import { type Command, type Flag, type Invocation, UsageError } from './command.ts';
import { nearestMatch } from './nearest-match.ts';

/** What every command takes besides its own flags. */
export const helpFlag: Flag = { type: 'boolean', short: 'h', description: 'Print this help' };

/** Reads the arguments of a command. Throws a `UsageError` that names the nearest match where there is one. */
export function parseInvocation(command: Command, argumentList: readonly string[]): Invocation {
  const flags: Readonly<Record<string, Flag>> = { ...command.flags, help: helpFlag };
  // Not strict: the library's own messages are long and know no nearest match. Errors are made below.
  const { tokens } = parseArgs({
    args: [...argumentList],
    options: Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, optionOf(flag)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string | boolean>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) throw unknownFlag(command, token.rawName, Object.keys(flags));
    values.set(token.name, flagValue(flag, token));
  }
  if (values.get('help') !== true) checkPositionals(command, positionals);
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.default !== undefined && !values.has(name)) values.set(name, flag.default);
  }
  return { flags: Object.fromEntries(values), positionals };
}

function optionOf(flag: Flag): { type: 'string' | 'boolean'; short?: string } {
  return { type: flag.type, ...(flag.short === undefined ? {} : { short: flag.short }) };
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

function unknownFlag(command: Command, rawName: string, names: readonly string[]): UsageError {
  const nearest = nearestMatch(rawName.replace(/^-+/, ''), names);
  const hint = nearest === undefined ? `see antipode ${command.name} --help` : `did you mean --${nearest}?`;
  return new UsageError(`antipode ${command.name} has no flag ${rawName}; ${hint}`);
}

function checkPositionals(command: Command, positionals: readonly string[]): void {
  const surplus = positionals[command.positionals.length];
  if (surplus !== undefined) {
    const flag = nearestMatch(surplus, Object.keys(command.flags));
    const hint = flag === undefined ? `see antipode ${command.name} --help` : `did you mean --${flag}?`;
    throw new UsageError(`antipode ${command.name} takes no argument "${surplus}"; ${hint}`);
  }
  for (const [index, value] of positionals.entries()) {
    const allowed = command.positionals[index] ?? [];
    if (allowed.includes(value)) continue;
    const nearest = nearestMatch(value, allowed);
    const hint = nearest === undefined ? `it is one of ${allowed.join(', ')}` : `did you mean "${nearest}"?`;
    throw new UsageError(`antipode ${command.name} does not know "${value}"; ${hint}`);
  }
}
