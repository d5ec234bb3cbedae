import { readFile } from 'node:fs/promises';
import { packageFile } from '../base/mod.ts';
import type { Command } from './command.ts';
import { exitCode } from './exit-code.ts';

export const versionCommand: Command = {
  name: 'version',
  summary: 'Print the version',
  usage: '[-o text|json|yaml]',
  details: [],
  flags: {
    output: {
      type: 'string',
      short: 'o',
      placeholder: 'FORMAT',
      default: 'text',
      values: ['text', 'json', 'yaml'],
      description: 'The form of the output',
    },
  },
  positionals: [],
  examples: [
    { does: 'For people', line: 'antipode version' },
    { does: 'For scripts', line: 'antipode version -o json' },
  ],
  async run(invocation, terminal) {
    const version = await readVersion();
    const node = process.version;
    const platform = `${process.platform}/${process.arch}`;
    if (invocation.flags['output'] === 'json') {
      terminal.out(`${JSON.stringify({ version, node, platform }, undefined, 2)}\n`);
    } else if (invocation.flags['output'] === 'yaml') {
      terminal.out(`version: ${version}\nnode: ${node}\nplatform: ${platform}\n`);
    } else {
      terminal.out(`antipode ${version} (node ${node}, ${platform})\n`);
    }
    return exitCode.done;
  },
};

async function readVersion(): Promise<string> {
  const text = await readFile(packageFile('package.json'), 'utf8');
  const description: unknown = JSON.parse(text);
  const hasVersion = typeof description === 'object' && description !== null && 'version' in description;
  return hasVersion ? String(description.version) : 'unknown';
}
