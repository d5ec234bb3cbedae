import { fileURLToPath } from 'node:url';

/**
 * Absolute path of a file of Antipode's package. Its top is two folders up, from the sources as from whatever the
 * build makes of them.
 */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
