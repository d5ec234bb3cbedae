import { expect, test } from 'vitest';
import { run } from './run.ts';

function runScript(script: string, options: Parameters<typeof run>[2] = {}) {
  return run(process.execPath, ['-e', script], options);
}

test('run passes on exit code, outputs, input and environment', async () => {
  const script = `
    process.stdin.on('data', (chunk) => process.stdout.write('got ' + chunk));
    process.stdin.on('end', () => { console.error(process.env.COLOUR, process.env.HOME); process.exit(3); });`;
  const result = await runScript(script, { input: 'this', env: { COLOUR: 'blue', HOME: undefined } });
  expect(result).toEqual({ code: 3, stdout: 'got this', stderr: 'blue undefined\n' });
});

test('run does not mind a command that never reads its input', async () => {
  const result = await runScript('process.exit(0)', { input: 'x'.repeat(1_000_000) });
  expect(result.code).toBe(0);
});

test('run kills a command that does not end in time and shows what it said', async () => {
  const script = "console.log('waiting'); setInterval(() => {}, 1000)";
  await expect(runScript(script, { timeoutMs: 700 })).rejects.toThrow(/did not end within 700 ms\nwaiting/);
});

test('run rejects a command that does not exist', async () => {
  await expect(run('no-such-command-here', [])).rejects.toThrow('ENOENT');
});
