import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { completionScript, shells } from './completion-script.ts';

async function script(shell: (typeof shells)[number]): Promise<string> {
  return completionScript(shell, await Promise.all(commands.map((entry) => entry.load())));
}

/** What bash offers for the last of these words. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const program = [
    await script('bash'),
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})`,
    `COMP_CWORD=${words.length - 1}`,
    '_antipode',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are for the shell.
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join('\n');
  const output = execFileSync('bash', ['--norc', '-c', program], { encoding: 'utf8', cwd: '/' });
  return output.split('\n').filter((line) => line !== '');
}

describe('completionScript', () => {
  it('completes commands, flags, values and directories in bash', async () => {
    expect(await offered('antipode', 'sta')).toEqual(['start', 'status']);
    expect(await offered('antipode', 'shard', 'm')).toEqual(['move']);
    expect(await offered('antipode', '')).toEqual(commands.map((entry) => entry.name));
    expect(await offered('antipode', 'start', '--log-')).toEqual(['--log-level', '--log-format']);
    expect(await offered('antipode', 'start', '--log-level', 'd')).toEqual(['debug']);
    expect(await offered('antipode', 'version', '-o', 'j')).toEqual(['json']);
    expect(await offered('antipode', 'completion', 'f')).toEqual(['fish']);
    expect(await offered('antipode', 'start', '--root-directory', 'de')).toEqual(['dev']);
    expect(await offered('antipode', 'start', '--region', 'x')).toEqual([]);
  });

  it.each(shells)('names every command and flag for %s', async (shell) => {
    const text = await script(shell);
    for (const entry of commands) {
      const command = await entry.load();
      expect(text).toContain(command.name);
      for (const flag of Object.keys(command.flags)) expect(text).toContain(flag);
    }
  });
});
