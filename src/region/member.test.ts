import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openLevelKeyValue } from '../store/mod.ts';
import { CERTIFICATE_FILES } from './certificates.ts';
import { type MemberLog, startMember } from './member.ts';

const SILENT: MemberLog = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

it('leaves no database open when something else cannot be prepared', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-member-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, CERTIFICATE_FILES.ca);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, 'this is no certificate');
  const options = { rootDirectory: directory, bindAddress: '127.0.0.1', securePort: 0, region: 'local' };
  await expect(startMember({ ...options, log: SILENT })).rejects.toThrow();
  const keyValue = await openLevelKeyValue(join(directory, 'data'));
  await keyValue.close();
});
