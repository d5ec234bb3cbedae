import { expect, test } from 'vitest';
import { MemoryKeyValue } from './memory-key-value.ts';
import { RevisionCeiling } from './revision-ceiling.ts';

test('a ceiling is what the disk has, also after a crash, and never falls', async () => {
  const values = new MemoryKeyValue();
  const ceiling = new RevisionCeiling(values);
  expect(ceiling.durable).toBe(0);
  const raised = ceiling.raise(4096);
  expect(ceiling.durable).toBe(0);
  await raised;
  expect(ceiling.durable).toBe(4096);
  await ceiling.raise(8);
  expect(new RevisionCeiling(values.crash()).durable).toBe(4096);
});

test('a ceiling that is asked for while a higher one is written is there when that one is', async () => {
  const values = new MemoryKeyValue();
  const ceiling = new RevisionCeiling(values);
  await Promise.all([ceiling.raise(4096), ceiling.raise(8)]);
  expect(ceiling.durable).toBe(4096);
  expect(new RevisionCeiling(values.crash()).durable).toBe(4096);
});
