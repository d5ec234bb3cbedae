import { expect, it } from 'vitest';
import { runAll } from './cleanup.ts';

it('runs every cleanup in order although some fail, and tells the first failure', async () => {
  const ran: string[] = [];
  const cleanup = (name: string, error?: Error) => async () => {
    await Promise.resolve();
    ran.push(name);
    if (error !== undefined) throw error;
  };
  const cleanups = [
    cleanup('facade', new Error('first')),
    cleanup('controllers', new Error('second')),
    cleanup('lock'),
  ];
  await expect(runAll(cleanups)).rejects.toThrow('first');
  expect(ran).toEqual(['facade', 'controllers', 'lock']);
});
