import type { Command, Flag } from './command.ts';
import { flagsOf as allFlagsOf, isChoice } from './invocation.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A script that completes the given commands. It is static: completing starts no process. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  if (shell === 'bash') return bashScript(commands);
  return shell === 'zsh' ? zshScript(commands) : fishScript(commands);
}

function flagsOf(command: Command): readonly (readonly [string, Flag])[] {
  return Object.entries(allFlagsOf(command));
}

function bashScript(commands: readonly Command[]): string {
  const names = commands.map((command) => command.name).join(' ');
  return `# bash completion for antipode
_antipode() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W "${names}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]} $previous" in
${commands.flatMap(bashValues).join('\n')}
  esac
  case "\${COMP_WORDS[1]}" in
${commands.map(bashWords).join('\n')}
  esac
}
complete -F _antipode antipode
`;
}

function bashValues(command: Command): readonly string[] {
  return flagsOf(command)
    .filter(([, flag]) => flag.type !== 'boolean')
    .map(([name, flag]) => {
      const patterns = [`"${command.name} --${name}"`];
      if (flag.short !== undefined) patterns.push(`"${command.name} -${flag.short}"`);
      const candidates = flag.completes === 'directory' ? '-d' : `-W "${(flag.values ?? []).join(' ')}"`;
      return `    ${patterns.join('|')}) COMPREPLY=($(compgen ${candidates} -- "$current")); return ;;`;
    });
}

function bashWords(command: Command): string {
  const flags = flagsOf(command).map(([name]) => `--${name}`);
  const words = [...command.positionals.filter(isChoice).flat(), ...flags].join(' ');
  return `    ${command.name}) COMPREPLY=($(compgen -W "${words}" -- "$current")) ;;`;
}

function zshScript(commands: readonly Command[]): string {
  const entries = commands.map((command) => `    ${quoted(`${command.name}:${command.summary}`)}`);
  return `#compdef antipode
# zsh completion for antipode
_antipode() {
  local -a commands=(
${entries.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${commands.map(zshArguments).join('\n')}
  esac
}
if [ "\${funcstack[1]}" = "_antipode" ]; then
  _antipode "$@"
else
  compdef _antipode antipode
fi
`;
}

function zshArguments(command: Command): string {
  const flags = flagsOf(command).flatMap(([name, flag]) => {
    const description = `[${flag.description.replaceAll(/[[\]:]/g, '\\$&')}]`;
    const value = flag.type === 'boolean' ? '' : `:${flag.placeholder ?? 'VALUE'}:${zshCandidates(flag)}`;
    const long = quoted(`--${name}${flag.type === 'boolean' ? '' : '='}${description}${value}`);
    return flag.short === undefined ? [long] : [long, quoted(`-${flag.short}${description}${value}`)];
  });
  const positionals = command.positionals
    .filter(isChoice)
    .map((values) => quoted(`:argument:(${values.join(' ')})`));
  return `    ${command.name}) _arguments ${[...flags, ...positionals].join(' ')} ;;`;
}

function zshCandidates(flag: Flag): string {
  if (flag.completes === 'directory') return '_files -/';
  return flag.values === undefined ? ' ' : `(${flag.values.join(' ')})`;
}

function fishScript(commands: readonly Command[]): string {
  const names = commands.map((command) => command.name).join(' ');
  const lines = commands.flatMap((command) => {
    const condition = quoted(`__fish_seen_subcommand_from ${command.name}`);
    const top = quoted(`not __fish_seen_subcommand_from ${names}`);
    return [
      `complete -c antipode -f -n ${top} -a ${command.name} -d ${quoted(command.summary)}`,
      ...command.positionals
        .filter(isChoice)
        .filter((values) => values.length > 0)
        .map((values) => `complete -c antipode -f -n ${condition} -a ${quoted(values.join(' '))}`),
      ...flagsOf(command).map(([name, flag]) => fishFlag(condition, name, flag)),
    ];
  });
  return `# fish completion for antipode\n${lines.join('\n')}\n`;
}

function fishFlag(condition: string, name: string, flag: Flag): string {
  const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
  const value = flag.type === 'boolean' ? '' : ` -x -a ${quoted(fishCandidates(flag))}`;
  return `complete -c antipode -n ${condition}${short} -l ${name}${value} -d ${quoted(flag.description)}`;
}

function fishCandidates(flag: Flag): string {
  return flag.completes === 'directory' ? '(__fish_complete_directories)' : (flag.values ?? []).join(' ');
}

// Between single quotes all three shells take everything literally; the texts contain no such quote.
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
