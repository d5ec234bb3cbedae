import { readFile } from 'node:fs/promises';
import { isPermissionError, reasonOf } from './atomic-file.ts';
import { StartError, systemErrorCode } from './start-error.ts';

/** The text of a file that an operator named with a flag. Throws a `StartError` that names both. */
export async function readOperatorFile(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = systemErrorCode(error) === 'ENOENT';
    const reason = isMissing ? 'there is no such file' : reasonOf(error);
    throw new StartError(`cannot read ${path}, which ${flag} names: ${reason}`, {
      exitCode: isPermissionError(error) ? 4 : 2,
      cause: error,
    });
  }
}

/** The file can be read, but not be used. */
export function unusableFile(fault: {
  readonly path: string;
  readonly flag: string;
  readonly error: unknown;
}): StartError {
  const { path, flag, error } = fault;
  const reason = error instanceof Error ? error.message : String(error);
  return new StartError(`${path}, which ${flag} names, cannot be used: ${reason}`, {
    exitCode: 2,
    cause: error,
  });
}
