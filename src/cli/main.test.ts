import { describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { runCommandLine } from './main.ts';
import { recordingTerminal } from './terminal.suite.ts';

async function run(...argumentList: readonly string[]) {
  const terminal = recordingTerminal();
  const code = await runCommandLine(argumentList, terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

describe('the command line', () => {
  it.each([[[]], [['-h']], [['--help']], [['help']]])('shows the overview for %j', async (argumentList) => {
    const { code, out, err } = await run(...argumentList);
    expect(code).toBe(0);
    expect(err).toBe('');
    for (const { name, summary } of commands) expect(out).toContain(`${name.padEnd(10)}  ${summary}`);
  });

  it.each(commands.map((entry) => entry.name))('explains %s in the same words three ways', async (name) => {
    const explained = await run('help', name);
    expect(explained.code).toBe(0);
    expect(explained.out).toContain(`Usage: antipode ${name}`);
    expect(explained.out).toMatch(/Examples:\n {2}# .+\n {2}.*antipode/);
    expect(await run(name, '--help')).toEqual(explained);
    expect(await run(name, '-h')).toEqual(explained);
  });

  it('gives every example flags and arguments that the command accepts', async () => {
    const { parseInvocation } = await import('./invocation.ts');
    for (const entry of commands) {
      const command = await entry.load();
      expect(command.examples.length).toBeGreaterThan(0);
      for (const { line } of command.examples) {
        const words = /antipode (\S+)([^>)]*)/.exec(line);
        expect(words?.[1]).toBe(entry.name);
        const rest = (words?.[2] ?? '').split(' ').filter((word) => word !== '');
        expect(() => parseInvocation(command, rest)).not.toThrow();
      }
    }
  });

  it('has summaries that agree with the loaded commands', async () => {
    for (const entry of commands) {
      const command = await entry.load();
      expect([command.name, command.summary]).toEqual([entry.name, entry.summary]);
    }
  });

  it.each([
    ['strat', 'error: there is no command "strat"; did you mean "start"?\n'],
    ['vers', 'error: there is no command "vers"; did you mean "version"?\n'],
    ['frobnicate', 'error: there is no command "frobnicate"; see antipode help\n'],
    ['__proto__', 'error: there is no command "__proto__"; see antipode help\n'],
    ['--region', 'error: flag --region stands before the command; write antipode COMMAND --region\n'],
  ])('refuses the command %s in one line', async (name, line) => {
    expect(await run(name)).toEqual({ code: 2, out: '', err: line });
  });

  it.each([
    [
      ['start', '--secure-prot', '1'],
      'antipode start has no flag --secure-prot; did you mean --secure-port?',
    ],
    [['start', '--secureport=1'], 'antipode start has no flag --secureport; did you mean --secure-port?'],
    [['start', '--frobnicate'], 'antipode start has no flag --frobnicate; see antipode start --help'],
    [['start', '--toString'], 'antipode start has no flag --toString; see antipode start --help'],
    [['start', '-x'], 'antipode start has no flag -x; see antipode start --help'],
    [['start', '--region'], '--region needs a value: --region NAME'],
    [['start', '--region', '--nats', 'x'], '--region needs a value: --region NAME'],
    [['start', '--log-level', 'inof'], '"inof" is not a value of --log-level; did you mean "info"?'],
    [
      ['start', '--log-level', 'loud'],
      '"loud" is not a value of --log-level (one of error, warn, info, debug)',
    ],
    [['start', 'region'], 'antipode start takes no argument "region"; did you mean --region?'],
    [['version', '--help=maybe'], '--help takes no value, but "maybe" was given'],
    [['completion'], 'antipode completion needs the name of a shell: one of bash, zsh, fish'],
    [['completion', 'bsh'], 'antipode completion does not know "bsh"; did you mean "bash"?'],
    [['completion', 'tcsh'], 'antipode completion does not know "tcsh"; it is one of bash, zsh, fish'],
  ])('refuses %j in one line', async (argumentList, line) => {
    expect(await run(...argumentList)).toEqual({ code: 2, out: '', err: `error: ${line}\n` });
  });

  it('prints the version for people and for programs', async () => {
    const { out: json } = await run('version', '-o', 'json');
    const { version } = JSON.parse(json) as { readonly version: string };
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await run('--version')).out).toBe(
      `antipode ${version} (node ${process.version}, ${process.platform}/${process.arch})\n`,
    );
    expect((await run('version', '-o=yaml')).code).toBe(2);
    expect((await run('version', '--output=yaml')).out).toContain(`version: ${version}\n`);
  });

  it('writes no colours unless the terminal has them', async () => {
    const terminal = recordingTerminal({ hasColor: true });
    await runCommandLine(['strat'], terminal);
    expect(terminal.errText()).toContain('\u001b[31merror:\u001b[39m');
    expect((await run('strat')).err).not.toContain('\u001b');
  });
});
