import { generateKeyPair } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseSigningKey, type SigningKey } from '../access/mod.ts';
import { PRIVATE_FILE_MODE, readFileIfPresent, writeFileAtomically } from './atomic-file.ts';
import { StartError } from './start-error.ts';

/** The file that holds the key of service account tokens, named as kcp names it. */
export const SERVICE_ACCOUNT_KEY_FILE = 'sa.key';

/**
 * The key that signs the tokens of service accounts, made at the first start and kept: whoever holds a token
 * goes on with it after a restart. RSA, since every JWT library verifies RS256. A damaged key is a
 * `StartError`, because a new one would end all tokens.
 */
export async function ensureServiceAccountKey(directory: string): Promise<SigningKey> {
  const path = join(directory, SERVICE_ACCOUNT_KEY_FILE);
  const stored = await readFileIfPresent(path);
  if (stored !== undefined) return parseStored(path, stored);
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writeFileAtomically({ path, content: pem, mode: PRIVATE_FILE_MODE });
  return parseSigningKey(pem);
}

function parseStored(path: string, pem: string): SigningKey {
  try {
    return parseSigningKey(pem);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `${path} is no usable private key (${reason}); restore it from a backup, or remove it to make a new one ` +
        '(all tokens of service accounts then have to be issued again)',
      { cause: error },
    );
  }
}
