import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { Histogram } from './histogram.mjs';

/** What the numbers depend on besides the program. @param {string} directory Where the servers keep data. */
export function describeMachine(directory) {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    directory,
    fileSystem: fileSystemOf(directory),
    syncMs: syncMs(directory),
  };
}

/** @param {ReturnType<typeof describeMachine>} machine */
export function machineText(machine) {
  return [
    `${machine.cores} cores of ${machine.processor}, ${machine.memoryGigabytes} GB, ${machine.system}, Node ${machine.node}`,
    `data in ${machine.directory} (${machine.fileSystem}), fdatasync of 4 KB takes ${machine.syncMs.toFixed(2)} ms (median)`,
  ].join('\n');
}

const SYNC_COUNT = 200;
const SYNC_MS_MAX = 500;

/** How long the disk takes to make an appended block durable: one client creates no faster than that. */
function syncMs(directory) {
  const path = join(directory, `antipode-bench-sync-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const durations = new Histogram();
    const block = Buffer.alloc(4096, 1);
    const endMs = performance.now() + SYNC_MS_MAX;
    for (let count = 0; count < SYNC_COUNT && performance.now() < endMs; count += 1) {
      const fromMs = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      durations.record(performance.now() - fromMs);
    }
    return durations.quantile(0.5);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

function fileSystemOf(directory) {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, point]) => point && `${directory}/`.startsWith(point.endsWith('/') ? point : `${point}/`))
      .sort(([, one], [, other]) => one.length - other.length);
    return mounts.at(-1)?.[2] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
