import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readLevelLog } from './level-log-file.ts';
import { readManifest } from './level-manifest.ts';
import { findDamage } from './level-table.ts';
import { LogDamaged } from './replay.ts';

/**
 * Looks at the files of a LevelDB before it is opened. LevelDB goes on without what it cannot read: a
 * damaged record of its write-ahead log is skipped, a lost log is not missed, and a directory without
 * `CURRENT` is taken for a new one and emptied. Its paranoid mode would stop it, but `classic-level` has no
 * option for that. Throws {@link LogDamaged}; nothing is changed then.
 *
 * A torn end of the newest log is what a crash leaves behind and no damage: only a write that was not
 * acknowledged can be there. Damage exactly at the end looks the same, and cannot be told from it.
 */
export async function checkLevelDirectory(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: unknown): string[] => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const logs = names.filter((name) => /^\d+\.log$/.test(name)).sort(byNumber);
  const hasTables = names.some((name) => /^\d+\.(ldb|sst)$/.test(name));
  if (!names.includes('CURRENT')) {
    // A creation that was interrupted leaves a manifest at most.
    if (logs.length === 0 && !hasTables) return;
    throw new LogDamaged('its file CURRENT is missing');
  }
  const manifestName = (await readFile(join(directory, 'CURRENT'), 'utf8')).trimEnd();
  if (!/^MANIFEST-\d+$/.test(manifestName)) throw new LogDamaged('its file CURRENT names no manifest');
  if (!names.includes(manifestName)) throw new LogDamaged(`its file ${manifestName} is missing`);
  const manifest = readManifest(manifestName, await readFile(join(directory, manifestName)));
  await checkTables(directory, names, manifest.tables);
  // Older ones are only waiting to be removed.
  const live = logs.filter((name) => Number.parseInt(name, 10) >= manifest.logNumber);
  const isOldestThere = live.some((name) => Number.parseInt(name, 10) === manifest.logNumber);
  if (manifest.logNumber > 0 && !isOldestThere) {
    throw new LogDamaged(`its log ${String(manifest.logNumber).padStart(6, '0')}.log is missing`);
  }
  await checkLogs(directory, live);
}

async function checkLogs(directory: string, logs: readonly string[]): Promise<void> {
  let torn: string | undefined;
  for (const name of logs) {
    const { records, faultOffset, hasMore } = readLevelLog(await readFile(join(directory, name)));
    if (torn !== undefined && records.length > 0) throw new LogDamaged(torn);
    if (faultOffset === undefined) continue;
    const text = `its log ${name} is damaged at byte ${faultOffset}`;
    if (hasMore) throw new LogDamaged(text);
    torn = text;
  }
}

// Enough to keep a disk busy, few enough for any limit on open files.
const STATS_AT_ONCE = 64;
// About a tenth of a second. LevelDB itself never looks at the checksums of what it reads: `classic-level` has no
// option for that either. So the newest tables are read as a whole, which are all of a small database.
const CHECKED_BYTES_MAX = 32 * 1024 * 1024;

async function checkTables(
  directory: string,
  names: readonly string[],
  tables: ReadonlyMap<number, number>,
): Promise<void> {
  const present = new Set(names);
  const files = [...tables]
    .sort(([left], [right]) => right - left)
    .map(([number, sizeBytes]) => {
      const stem = String(number).padStart(6, '0');
      const name = [`${stem}.ldb`, `${stem}.sst`].find((candidate) => present.has(candidate));
      if (name === undefined) throw new LogDamaged(`its file ${stem}.ldb is missing`);
      return { path: join(directory, name), name, sizeBytes };
    });
  for (let from = 0; from < files.length; from += STATS_AT_ONCE) {
    await Promise.all(files.slice(from, from + STATS_AT_ONCE).map(checkSize));
  }
  let bytesLeft = CHECKED_BYTES_MAX;
  for (const { path, name, sizeBytes } of files) {
    bytesLeft -= sizeBytes;
    if (bytesLeft < 0) return;
    const offset = findDamage(await readFile(path));
    if (offset !== undefined) throw new LogDamaged(`its file ${name} is damaged at byte ${offset}`);
  }
}

async function checkSize(file: {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
}): Promise<void> {
  const { size } = await stat(file.path);
  if (size === file.sizeBytes) return;
  throw new LogDamaged(`its file ${file.name} has ${size} bytes instead of ${file.sizeBytes}`);
}

function byNumber(left: string, right: string): number {
  return Number.parseInt(left, 10) - Number.parseInt(right, 10);
}
