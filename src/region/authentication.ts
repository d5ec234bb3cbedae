import { readFile } from 'node:fs/promises';
import {
  Authenticator,
  parseTokenFile,
  staticTokens,
  type TokenCredential,
  TokenFileError,
  type User,
} from '../access/mod.ts';
import type { Clock } from '../base/mod.ts';
import { isPermissionError, reasonOf } from './atomic-file.ts';
import { type AdminTokens, tokenHashOf } from './kubeconfig.ts';
import { StartError } from './start-error.ts';

/** Who may come in, as an operator decides. Everything has Kubernetes' default. */
export interface AuthenticationOptions {
  /** Whether requests without credentials are those of `system:anonymous`; true by default. */
  readonly allowsAnonymous?: boolean;
  /** Tokens besides those of the administrators and of the file. */
  readonly credentials?: readonly TokenCredential[];
  /** CSV of `token,user,uid,"group1,group2"`. */
  readonly tokenFile?: string;
  /** Whom tokens must be for; the first issuer by default. */
  readonly audiences?: readonly string[];
  /** Issuers of service account tokens: the first signs, all are accepted. */
  readonly serviceAccountIssuers?: readonly string[];
}

/** As kcp has it: a name that stays the same wherever the server is reached. */
export const DEFAULT_ISSUER = 'https://kcp.default.svc';

/** Puts together how users are recognised. Throws `StartError` for a file that cannot be used. */
export async function createAuthentication(context: {
  readonly options: AuthenticationOptions;
  readonly admins: AdminTokens;
  readonly clock: Clock;
}): Promise<Authenticator> {
  const { options, admins, clock } = context;
  const issuers = options.serviceAccountIssuers ?? [DEFAULT_ISSUER];
  return new Authenticator({
    clock,
    audiences: options.audiences ?? issuers.slice(0, 1),
    allowsAnonymous: options.allowsAnonymous ?? true,
    tokens: [
      staticTokens([
        { tokenHash: tokenHashOf(admins.kcpAdmin), user: admin('kcp-admin', 'system:kcp:admin') },
        { tokenHash: tokenHashOf(admins.shardAdmin), user: admin('shard-admin') },
        ...(options.credentials ?? []),
        ...(await tokensOfFile(options.tokenFile)),
      ]),
    ],
  });
}

async function tokensOfFile(path: string | undefined): Promise<ReturnType<typeof parseTokenFile>> {
  if (path === undefined) return [];
  const text = await readOperatorFile(path, '--token-auth-file');
  try {
    return parseTokenFile(text);
  } catch (error) {
    if (!(error instanceof TokenFileError)) throw error;
    throw new StartError(`${path} (--token-auth-file) cannot be used: ${error.message}`, {
      exitCode: 2,
      cause: error,
    });
  }
}

/** The text of a file that an operator named with a flag. */
export async function readOperatorFile(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = (error as { readonly code?: unknown }).code === 'ENOENT';
    const reason = isMissing ? 'there is no such file' : reasonOf(error);
    throw new StartError(`cannot read ${path} (${flag}): ${reason}`, {
      exitCode: isPermissionError(error) ? 4 : 2,
      cause: error,
    });
  }
}

function admin(name: string, ...groups: readonly string[]): User {
  return { name, uid: '', groups: ['system:masters', ...groups, 'system:authenticated'], extra: {} };
}
