import { resolve } from 'node:path';
import type { AuthenticationOptions } from '../region/mod.ts';
import { type Flag, type Invocation, UsageError } from './command.ts';

type OidcOptions = NonNullable<AuthenticationOptions['oidc']>;

/** The flags that say who may come in. They are named and mean what those of kube-apiserver do; lists have commas. */
export const authenticationFlags: Readonly<Record<string, Flag>> = {
  'anonymous-auth': {
    type: 'boolean',
    description: 'Whether requests without credentials are those of system:anonymous; true by default',
  },
  'client-ca-file': {
    type: 'string',
    placeholder: 'FILE',
    description: 'Certificates of the authorities whose client certificates let users in',
  },
  'token-auth-file': {
    type: 'string',
    placeholder: 'FILE',
    description: 'Tokens that let users in, as lines of token,user,uid,"group,…"',
  },
  'enable-bootstrap-token-auth': {
    type: 'boolean',
    description: 'Let in tokens of Secrets bootstrap-token-ID in kube-system of the root workspace',
  },
  'api-audiences': {
    type: 'string',
    placeholder: 'NAME,…',
    description: 'Whom tokens must be for to be accepted here; the issuers by default',
  },
  'service-account-issuer': {
    type: 'string',
    placeholder: 'URL,…',
    description: 'Issuer of service account tokens; those after the first are accepted as well',
  },
  'service-account-signing-key-file': {
    type: 'string',
    placeholder: 'FILE',
    description: 'Private key that signs service account tokens; sa.key in the root directory by default',
  },
  'service-account-key-file': {
    type: 'string',
    placeholder: 'FILE,…',
    description: 'Further keys whose service account tokens are accepted',
  },
  'service-account-jwks-uri': {
    type: 'string',
    placeholder: 'URL',
    description: 'Where others are told to find the keys of service account tokens; here by default',
  },
  'oidc-issuer-url': {
    type: 'string',
    placeholder: 'URL',
    description: 'OIDC provider whose ID tokens let users in',
  },
  'oidc-client-id': { type: 'string', placeholder: 'ID', description: 'Client that ID tokens must be for' },
  'oidc-username-claim': {
    type: 'string',
    placeholder: 'CLAIM',
    default: 'sub',
    description: 'Claim of ID tokens that names the user',
  },
  'oidc-username-prefix': {
    type: 'string',
    placeholder: 'TEXT',
    description: 'What names begin with here; the issuer and # by default, none for email, - for none',
  },
  'oidc-groups-claim': {
    type: 'string',
    placeholder: 'CLAIM',
    description: 'Claim of ID tokens that names the groups',
  },
  'oidc-groups-prefix': { type: 'string', placeholder: 'TEXT', description: 'What groups begin with here' },
  'oidc-required-claim': {
    type: 'string',
    placeholder: 'CLAIM=VALUE,…',
    description: 'What ID tokens must say besides',
  },
  'oidc-ca-file': {
    type: 'string',
    placeholder: 'FILE',
    description:
      'Certificates of the authorities that vouch for the provider; those of the system by default',
  },
  'oidc-signing-algs': {
    type: 'string',
    placeholder: 'NAME,…',
    default: 'RS256',
    description: 'Algorithms that ID tokens may be signed with',
  },
};

/** What the flags say. Throws a `UsageError` for what makes no sense. */
export function authenticationOptions(invocation: Invocation): AuthenticationOptions {
  const text = (name: string): string | undefined => {
    const value = invocation.flags[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const file = (name: string) => fileOf(text(name));
  const options = {
    allowsAnonymous: invocation.flags['anonymous-auth'] !== false,
    allowsBootstrapTokens: invocation.flags['enable-bootstrap-token-auth'] === true,
    clientAuthorityFile: file('client-ca-file'),
    tokenFile: file('token-auth-file'),
    audiences: listOf(text('api-audiences')),
    serviceAccountIssuers: issuers(listOf(text('service-account-issuer'))),
    serviceAccountSigningKeyFile: file('service-account-signing-key-file'),
    serviceAccountKeyFiles: listOf(text('service-account-key-file'))?.map((path) => resolve(path)),
    serviceAccountKeysUrl: httpsUrl('service-account-jwks-uri', text('service-account-jwks-uri')),
    oidc: oidc(text),
    oidcAuthorityFile: file('oidc-ca-file'),
  };
  return withoutUndefined(options);
}

type Defined<Options> = { readonly [Key in keyof Options]?: Exclude<Options[Key], undefined> };

function withoutUndefined<Options extends object>(options: Options): Defined<Options> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Defined<Options>;
}

function oidc(text: (name: string) => string | undefined): OidcOptions | undefined {
  const issuer = httpsUrl('oidc-issuer-url', text('oidc-issuer-url'));
  const clientId = text('oidc-client-id');
  if (issuer === undefined && clientId === undefined) {
    const orphan = OIDC_DETAILS.find((name) => text(name) !== undefined);
    if (orphan !== undefined)
      throw new UsageError(`--${orphan} needs --oidc-issuer-url and --oidc-client-id`);
    return undefined;
  }
  if (issuer === undefined) throw new UsageError('--oidc-client-id needs --oidc-issuer-url as well');
  if (clientId === undefined) throw new UsageError('--oidc-issuer-url needs --oidc-client-id as well');
  return {
    issuer,
    clientId,
    usernameClaim: text('oidc-username-claim') ?? 'sub',
    usernamePrefix: text('oidc-username-prefix'),
    groupsClaim: text('oidc-groups-claim'),
    groupsPrefix: text('oidc-groups-prefix') ?? '',
    requiredClaims: requiredClaims(listOf(text('oidc-required-claim')) ?? []),
    algorithms: listOf(text('oidc-signing-algs')) ?? ['RS256'],
  };
}

const OIDC_DETAILS = [
  'oidc-username-prefix',
  'oidc-groups-claim',
  'oidc-groups-prefix',
  'oidc-required-claim',
  'oidc-ca-file',
];

function requiredClaims(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((item) => {
      const equals = item.indexOf('=');
      if (equals > 0) return [item.slice(0, equals), item.slice(equals + 1)];
      throw new UsageError(
        `--oidc-required-claim takes claims and values, such as team=ops, but "${item}" is none`,
      );
    }),
  );
}

/** As upstream: what looks like a URL has to be one of https. */
function issuers(list: string[] | undefined): string[] | undefined {
  for (const issuer of list ?? []) if (issuer.includes(':')) httpsUrl('service-account-issuer', issuer);
  return list;
}

function httpsUrl(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && new URL(text).protocol === 'https:') return text;
  throw new UsageError(
    `--${flag} takes an https URL, such as https://login.example.com, but "${text}" is none`,
  );
}

function listOf(text: string | undefined): string[] | undefined {
  const list = text?.split(',').filter((item) => item !== '');
  return list === undefined || list.length === 0 ? undefined : list;
}

function fileOf(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}
