import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests that put other modules in place of ours: no other file may have loaded these before. */
const ISOLATED = ['src/store/planted-bugs.test.ts'];

export default defineConfig({
  test: {
    // Most tests wait for processes and disks most of the time: two cores do not leave one idle for that.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What has to come comes late on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'simulations/**/*.test.ts'],
          exclude: ISOLATED,
          // Loading the sources anew costs more than most files. What a test changes outside itself it puts back.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'isolated', include: ISOLATED } },
    ],
  },
});
