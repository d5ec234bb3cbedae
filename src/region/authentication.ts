import { X509Certificate } from 'node:crypto';
import {
  Authenticator,
  bootstrapTokens,
  OIDC_ALGORITHMS,
  type OidcProvider,
  oidcTokens,
  parseSigningKey,
  parseTokenFile,
  parseVerificationKeys,
  ServiceAccountIssuer,
  type SigningKey,
  serviceAccountTokens,
  staticTokens,
  type TokenCredential,
  TokenFileError,
  type User,
  type VerificationKey,
  verificationKey,
} from '../access/mod.ts';
import type { Clock, Random } from '../base/mod.ts';
import type { ObjectKey, ObjectStore } from '../store/mod.ts';
import { type AdminTokens, tokenHashOf } from './kubeconfig.ts';
import { createOperatorFetch } from './operator-fetch.ts';
import { readOperatorFile, unusableFile } from './operator-file.ts';
import { ensureServiceAccountKey } from './service-account-key.ts';
import { StartError } from './start-error.ts';

/** Who may come in, as an operator decides. Everything has Kubernetes' default. */
export interface AuthenticationOptions {
  /** Whether requests without credentials are those of `system:anonymous`; true by default. */
  readonly allowsAnonymous?: boolean;
  /** Tokens besides those of the administrators and of the file. */
  readonly credentials?: readonly TokenCredential[];
  /** PEM of the CAs whose certificates say who a client is. */
  readonly clientAuthorityFile?: string;
  /** CSV of `token,user,uid,"group1,group2"`. */
  readonly tokenFile?: string;
  /** Whom tokens must be for; the issuers by default. */
  readonly audiences?: readonly string[];
  /** Whether Secrets `bootstrap-token-<id>` of the root workspace let somebody in. */
  readonly allowsBootstrapTokens?: boolean;
  readonly oidc?: OidcProvider;
  /** PEM of the CAs that vouch for the provider; those of the system by default. */
  readonly oidcAuthorityFile?: string;
  /** Issuers of service account tokens: the first signs, all are accepted. */
  readonly serviceAccountIssuers?: readonly string[];
  /** PEM of the key that signs; one of its own in the root directory by default. */
  readonly serviceAccountSigningKeyFile?: string;
  /** PEM of further keys whose tokens are accepted. */
  readonly serviceAccountKeyFiles?: readonly string[];
  /** Where others are told to find the keys, if not here. */
  readonly serviceAccountKeysUrl?: string;
}

/** Who is who, and who says so. */
export interface Authentication {
  readonly authenticator: Authenticator;
  readonly serviceAccounts: ServiceAccountIssuer;
}

/** As kcp has it: a name that stays the same wherever the server is reached. */
export const DEFAULT_ISSUER = 'https://kcp.default.svc';
/** Where the keys are served that verify tokens of service accounts. */
const KEYS_PATH = '/openid/v1/jwks';

/** The keys of service account tokens: one signs, all are accepted. Throws `StartError` for an unusable file. */
export async function prepareServiceAccountKeys(
  directory: string,
  options: AuthenticationOptions,
): Promise<{ readonly signingKey: SigningKey; readonly keys: readonly VerificationKey[] }> {
  const { serviceAccountSigningKeyFile: file, serviceAccountKeyFiles: files = [] } = options;
  const signingKey =
    file === undefined
      ? await ensureServiceAccountKey(directory)
      : await readKey(file, '--service-account-signing-key-file', parseSigningKey);
  const others = await Promise.all(
    files.map((path) => readKey(path, '--service-account-key-file', parseVerificationKeys)),
  );
  const byId = new Map([verificationKey(signingKey), ...others.flat()].map((key) => [key.id, key]));
  return { signingKey, keys: [...byId.values()] };
}

/** Puts together how users are recognised. Throws `StartError` for a file that cannot be used. */
export async function createAuthentication(context: {
  readonly options: AuthenticationOptions;
  readonly admins: AdminTokens;
  readonly accountKeys: Awaited<ReturnType<typeof prepareServiceAccountKeys>>;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  /** The server's own address; known once it listens. */
  readonly url: () => string;
}): Promise<Authentication> {
  const { options, admins, accountKeys, store, clock, random } = context;
  const issuers = options.serviceAccountIssuers ?? [DEFAULT_ISSUER];
  const { keys, signingKey } = accountKeys;
  const serviceAccounts = new ServiceAccountIssuer({
    issuer: issuers[0] ?? DEFAULT_ISSUER,
    signingKey,
    keys,
    clock,
    random,
    keysUrl: () => options.serviceAccountKeysUrl ?? `${context.url()}${KEYS_PATH}`,
  });
  const read = (key: ObjectKey) => store.get(key);
  const authenticator = new Authenticator({
    clock,
    audiences: options.audiences ?? issuers,
    allowsAnonymous: options.allowsAnonymous ?? true,
    // In upstream's order.
    tokens: [
      staticTokens([
        { tokenHash: tokenHashOf(admins.kcpAdmin), user: admin('kcp-admin', 'system:kcp:admin') },
        { tokenHash: tokenHashOf(admins.shardAdmin), user: admin('shard-admin') },
        ...(options.credentials ?? []),
        ...(await tokensOfFile(options.tokenFile)),
      ]),
      serviceAccountTokens({ issuers, keys, clock, read }),
      ...(options.allowsBootstrapTokens === true ? [bootstrapTokens({ clock, read })] : []),
      ...(await oidcOf(options, clock)),
    ],
  });
  return { authenticator, serviceAccounts };
}

/** The CAs of client certificates, if there are any. Throws `StartError` for an unusable file. */
export async function readClientAuthorities({
  clientAuthorityFile: path,
}: AuthenticationOptions): Promise<string | undefined> {
  return path === undefined ? undefined : readCertificates(path, '--client-ca-file');
}

async function readCertificates(path: string, flag: string): Promise<string> {
  const pem = await readOperatorFile(path, flag);
  try {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    if (blocks.length === 0) throw new Error('it holds no PEM with a certificate');
    for (const block of blocks) new X509Certificate(block);
    return blocks.join('\n');
  } catch (error) {
    throw unusableFile({ path, flag, error });
  }
}

async function oidcOf(
  { oidc, oidcAuthorityFile }: AuthenticationOptions,
  clock: Clock,
): Promise<ReturnType<typeof oidcTokens>[]> {
  if (oidc === undefined) return [];
  const known: readonly string[] = OIDC_ALGORITHMS;
  const unknown = oidc.algorithms.find((algorithm) => !known.includes(algorithm));
  if (unknown !== undefined) {
    const message = `--oidc-signing-algs takes ${known.join(', ')}, but "${unknown}" is none of them`;
    throw new StartError(message, { exitCode: 2 });
  }
  const ca =
    oidcAuthorityFile === undefined ? undefined : await readCertificates(oidcAuthorityFile, '--oidc-ca-file');
  return [oidcTokens(oidc, { fetch: createOperatorFetch({ ca }), clock })];
}

async function tokensOfFile(path: string | undefined): Promise<ReturnType<typeof parseTokenFile>> {
  if (path === undefined) return [];
  const flag = '--token-auth-file';
  const text = await readOperatorFile(path, flag);
  try {
    return parseTokenFile(text);
  } catch (error) {
    if (!(error instanceof TokenFileError)) throw error;
    throw unusableFile({ path, flag, error });
  }
}

async function readKey<Key>(path: string, flag: string, parse: (pem: string) => Key): Promise<Key> {
  const pem = await readOperatorFile(path, flag);
  try {
    return parse(pem);
  } catch (error) {
    throw unusableFile({ path, flag, error });
  }
}

function admin(name: string, ...groups: readonly string[]): User {
  return { name, uid: '', groups: ['system:masters', ...groups, 'system:authenticated'], extra: {} };
}
