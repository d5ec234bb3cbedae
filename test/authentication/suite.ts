import { afterAll, beforeAll } from 'vitest';
import type { AuthenticationOptions } from '../../src/region/mod.ts';
import { Client, type KubeObject } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';

/** What a TokenReview says. */
export interface ReviewStatus {
  readonly authenticated?: boolean;
  readonly error?: string;
  readonly audiences?: readonly string[];
  readonly user: {
    readonly username?: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
}

/** A server with the given ways to come in, and the questions that tests ask of it. */
export class AuthenticationFixture {
  #server: InProcessServer | undefined;
  #client: Client | undefined;

  get server(): InProcessServer {
    if (this.#server === undefined) throw new Error('the server runs inside of tests only');
    return this.#server;
  }

  get client(): Client {
    if (this.#client === undefined) throw new Error('the server runs inside of tests only');
    return this.#client;
  }

  async start(options?: AuthenticationOptions): Promise<void> {
    this.#server = await startInProcess(options === undefined ? {} : { authentication: options });
    this.#client = new Client(this.#server);
    await this.welcome('');
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.#server?.stop();
  }

  /** Lets everybody who is somebody into a logical cluster, to ask who they are and what there is. */
  async welcome(prefix: string): Promise<void> {
    const rbac = `${prefix}/apis/rbac.authorization.k8s.io/v1`;
    await this.client.create(`${rbac}/clusterroles`, {
      metadata: { name: 'welcome' },
      rules: [
        { nonResourceURLs: ['/'], verbs: ['access'] },
        { nonResourceURLs: ['/api', '/openid/*', '/.well-known/*'], verbs: ['get'] },
        { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
      ],
    });
    await this.client.create(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'welcome' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'welcome' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' }],
    });
  }

  /** Creates a service account; its path. */
  async account(name: string, prefix = ''): Promise<string> {
    const path = `${prefix}/api/v1/namespaces/default/serviceaccounts`;
    await this.client.create(path, { metadata: { name } });
    return `${path}/${name}`;
  }

  /** A token of a service account. */
  async token(account: string, spec: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { status } = await this.client.create<KubeObject & { status: { token: string } }>(
      `${account}/token`,
      { spec },
    );
    return status.token;
  }

  async review(
    token: string,
    options: { audiences?: string[]; prefix?: string } = {},
  ): Promise<ReviewStatus> {
    const { audiences, prefix = '' } = options;
    const path = `${prefix}/apis/authentication.k8s.io/v1/tokenreviews`;
    const spec = { token, ...(audiences === undefined ? {} : { audiences }) };
    const { status } = await this.client.create<KubeObject & { status: ReviewStatus }>(path, { spec });
    return status;
  }

  /** Who a token says that one is. */
  async whoAmI(token: string, prefix = ''): Promise<ReviewStatus['user']> {
    const reply = await this.client.call(`${prefix}/apis/authentication.k8s.io/v1/selfsubjectreviews`, {
      method: 'POST',
      body: {},
      token,
    });
    if (reply.status !== 201) throw new Error(`answered with ${reply.status}: ${reply.text}`);
    return (JSON.parse(reply.text) as { status: { userInfo: ReviewStatus['user'] } }).status.userInfo;
  }

  /** Whether a credential lets somebody in, whoever it is and whatever they may do. */
  async isKnown(token: string): Promise<boolean> {
    const { status } = await this.client.call('/api/v1/namespaces/default/secrets', { token });
    return status !== 401;
  }
}

/** Starts a server before the tests of the file and stops it after them. */
export function useAuthentication(options?: AuthenticationOptions): AuthenticationFixture {
  const fixture = new AuthenticationFixture();
  beforeAll(() => fixture.start(options));
  afterAll(() => fixture.stop());
  return fixture;
}
