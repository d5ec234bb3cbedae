import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run } from '../../test/support/run.ts';

const PROGRAM = fileURLToPath(new URL('cut.mjs', import.meta.url));

it('a region that is cut off for a while loses nothing, and shows the same as all others afterwards', {
  timeout: 300_000,
}, async () => {
  // A machine that does something else is given more time to come together; the command itself demands 5 s.
  const flags = ['--warm-up-seconds', '3', '--seconds', '6', '--rate', '30', '--heal-seconds', '20'];
  const { code, stdout, stderr } = await run(process.execPath, [PROGRAM, ...flags], { timeoutMs: 280_000 });
  expect([code, stderr], stdout).toEqual([0, '']);
});
