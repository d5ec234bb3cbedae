/** One object of a kind of the fixtures: what is sent, what is stored of it, and how it is refused. */
export interface FixtureObject {
  readonly resource: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** Cluster-wide when it is absent. */
  readonly namespace?: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** What the schema's defaults make of the spec. */
  readonly stored?: Readonly<Record<string, unknown>>;
  /** A spec that the schema does not have, in part: what is unknown goes. */
  readonly unknown: Readonly<Record<string, unknown>>;
  /** Merged into the spec, which then is invalid. */
  readonly invalid: Readonly<Record<string, unknown>>;
  /** In the refusal's causes. */
  readonly fields: readonly string[];
  readonly columns: RegExp;
}

const issuerRef = { name: 'ca', kind: 'Issuer' };
const solver = { http01: { gatewayHTTPRoute: { parentRefs: [{ name: 'edge' }] } } };
const storedSolver = {
  http01: {
    gatewayHTTPRoute: {
      parentRefs: [{ name: 'edge', group: 'gateway.networking.k8s.io', kind: 'Gateway' }],
    },
  },
};
const acme = {
  server: 'https://acme.example/directory',
  privateKeySecretRef: { name: 'account' },
  solvers: [solver],
};
const storedAcme = { ...acme, solvers: [storedSolver] };

export const fixtureObjects: readonly FixtureObject[] = [
  {
    resource: 'certificates',
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    namespace: 'default',
    spec: { secretName: 'web-tls', dnsNames: ['example.com'], privateKey: { algorithm: 'ECDSA' }, issuerRef },
    unknown: { privateKey: { algorithm: 'ECDSA', temper: 'hot' } },
    invalid: { privateKey: { algorithm: 'Rot13' }, secretName: null },
    fields: ['spec.privateKey.algorithm', 'spec.secretName'],
    columns: /^NAME +READY +SECRET +AGE\nsample +web-tls +\d+s$/,
  },
  {
    resource: 'certificaterequests',
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    namespace: 'default',
    spec: { request: 'AAAA', issuerRef, usages: ['digital signature'], username: 'somebody' },
    unknown: { extra: { a: ['b'] }, color: 'red' },
    invalid: { usages: ['world domination'], request: 7 },
    fields: ['spec.usages[0]', 'spec.request'],
    columns: /^NAME +APPROVED +DENIED +READY +ISSUER +REQUESTER +AGE\nsample +ca +somebody +\d+s$/,
  },
  {
    resource: 'issuers',
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    namespace: 'default',
    spec: { acme },
    stored: { acme: storedAcme },
    unknown: { acme: { ...acme, humor: 'dry' } },
    invalid: { vault: { path: 'p' }, selfSigned: { crlDistributionPoints: 'none' } },
    fields: ['spec.vault.server', 'spec.vault.auth', 'spec.selfSigned.crlDistributionPoints'],
    columns: /^NAME +READY +AGE\nsample +\d+s$/,
  },
  {
    resource: 'clusterissuers',
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    spec: { acme },
    stored: { acme: storedAcme },
    unknown: { acme, mood: 'sunny' },
    invalid: { ca: { secretName: 5 } },
    fields: ['spec.ca.secretName'],
    columns: /^NAME +READY +AGE\nsample +\d+s$/,
  },
  {
    resource: 'orders',
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Order',
    namespace: 'default',
    spec: { request: 'AAAA', issuerRef, dnsNames: ['example.com'] },
    unknown: { dessert: 'cake' },
    invalid: { dnsNames: [1], issuerRef: null },
    fields: ['spec.dnsNames[0]', 'spec.issuerRef'],
    columns: /^NAME +STATE +AGE\nsample +\d+s$/,
  },
  {
    resource: 'challenges',
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    namespace: 'default',
    spec: {
      authorizationURL: 'https://acme.example/authz/1',
      dnsName: 'example.com',
      issuerRef,
      key: 'k',
      solver,
      token: 't',
      type: 'HTTP-01',
      url: 'https://acme.example/challenge/1',
    },
    stored: { solver: storedSolver },
    unknown: { difficulty: 'hard' },
    invalid: { type: 'SMTP-01' },
    fields: ['spec.type'],
    columns: /^NAME +STATE +DOMAIN +AGE\nsample +example\.com +\d+s$/,
  },
  {
    resource: 'cowboys',
    apiVersion: 'wildwest.dev/v1alpha1',
    kind: 'Cowboy',
    namespace: 'default',
    spec: { intent: 'good' },
    unknown: { horse: 'Dollor' },
    invalid: { intent: 3 },
    fields: ['spec.intent'],
    columns: /^NAME +AGE\nsample +\d+s$/,
  },
];
