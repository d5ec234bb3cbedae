import { type Flag, type Invocation, UsageError } from '../command.ts';
import { parseDurationMs } from '../duration.ts';

/** What kubectl takes to say where a server is and who asks it; every plugin takes it too. */
export const connectionFlags: Readonly<Record<string, Flag>> = {
  kubeconfig: text('FILE', 'The kubeconfig to use instead of $KUBECONFIG or ~/.kube/config'),
  context: text('NAME', 'The context of the kubeconfig to use'),
  cluster: text('NAME', 'The cluster of the kubeconfig to use'),
  user: text('NAME', 'The user of the kubeconfig to use'),
  server: { ...text('URL', 'The server to talk to'), short: 's' },
  token: text('TOKEN', 'A bearer token'),
  username: text('NAME', 'A user name for basic authentication'),
  password: text('TEXT', 'A password for basic authentication'),
  'client-certificate': text('FILE', 'A client certificate'),
  'client-key': text('FILE', 'The key of the client certificate'),
  'certificate-authority': text('FILE', 'The certificate authority that the server is checked by'),
  'insecure-skip-tls-verify': { type: 'boolean', description: 'Do not check who the server is' },
  'tls-server-name': text('NAME', 'The name that the certificate of the server is checked for'),
  as: text('USER', 'Act as this user'),
  'as-group': {
    type: 'list',
    placeholder: 'GROUP',
    description: 'Act as a member of this group; repeatable',
  },
  'as-uid': text('UID', 'Act as a user of this UID'),
  'request-timeout': text('DURATION', 'How long one request may take, such as 10s; 0 is for ever'),
  namespace: { ...text('NAME', 'Taken as kubectl takes it; workspaces are in no namespace'), short: 'n' },
};

/** `-w`, for commands that can work in another workspace than the current one. */
export const workspaceFlag: Flag = {
  type: 'string',
  short: 'w',
  placeholder: 'PATH',
  completes: 'workspace',
  description: 'The workspace to work in instead of the current one: :root:a, a child, or ..',
};

/** What the flags say; whatever is absent is up to the kubeconfig. */
export interface ConnectionOptions {
  readonly kubeconfigPath: string | undefined;
  readonly context: string | undefined;
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  readonly certificateAuthority: string | undefined;
  readonly skipsVerification: boolean | undefined;
  readonly tlsServerName: string | undefined;
  readonly impersonate: string | undefined;
  readonly impersonateGroups: readonly string[];
  readonly impersonateUid: string | undefined;
  readonly requestTimeoutMs: number | undefined;
  readonly workspace: string | undefined;
}

export function connectionOptions(invocation: Invocation): ConnectionOptions {
  const value = (name: string): string | undefined => {
    const given = invocation.flags[name];
    return typeof given === 'string' && given !== '' ? given : undefined;
  };
  const skips = invocation.flags['insecure-skip-tls-verify'];
  return {
    kubeconfigPath: value('kubeconfig'),
    context: value('context'),
    cluster: value('cluster'),
    user: value('user'),
    server: value('server'),
    token: value('token'),
    username: value('username'),
    password: value('password'),
    clientCertificate: value('client-certificate'),
    clientKey: value('client-key'),
    certificateAuthority: value('certificate-authority'),
    skipsVerification: typeof skips === 'boolean' ? skips : undefined,
    tlsServerName: value('tls-server-name'),
    impersonate: value('as'),
    impersonateGroups: invocation.lists['as-group'] ?? [],
    impersonateUid: value('as-uid'),
    requestTimeoutMs: requestTimeoutMs(value('request-timeout')),
    workspace: value('workspace'),
  };
}

// As kubectl has it: a number without a unit means seconds, and 0 means no end.
function requestTimeoutMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : parseDurationMs(value);
  if (ms !== undefined && Number.isSafeInteger(ms)) return ms === 0 ? undefined : ms;
  throw new UsageError(`--request-timeout takes a duration, such as 10s or 1m, but "${value}" is none`);
}

function text(placeholder: string, description: string): Flag {
  return { type: 'string', placeholder, description };
}
