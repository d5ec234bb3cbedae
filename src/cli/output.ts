import type { Flag } from './command.ts';
import type { Terminal } from './terminal.ts';

/** `-o json|yaml`: the result for programs instead of for people. */
export const outputFlag: Flag = {
  type: 'string',
  short: 'o',
  placeholder: 'FORMAT',
  values: ['json', 'yaml'],
  description: 'Print the result for programs',
};

/** The same, for tables that have more to say than fits. */
export const wideOutputFlag: Flag = {
  ...outputFlag,
  values: ['json', 'yaml', 'wide'],
  description: 'Print the result for programs, or with all columns',
};

/** Prints a value in the form that `-o` asks for; false if it asks for none. */
export async function printAs(format: unknown, value: unknown, terminal: Terminal): Promise<boolean> {
  if (format === 'json') terminal.out(`${JSON.stringify(value, undefined, 2)}\n`);
  else if (format === 'yaml') {
    const { stringify } = await import('yaml');
    terminal.out(stringify(value, { version: '1.1', lineWidth: 0, indentSeq: false }));
  } else return false;
  return true;
}
