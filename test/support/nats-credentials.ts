import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';
import { loadX509, type X509Library } from '../../src/region/x509.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface TlsFiles {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate authority, and one certificate of it for 127.0.0.1 and for a client, as files in a folder. */
export async function writeTlsFiles(directory: string, name: string): Promise<TlsFiles> {
  const x509 = await loadX509();
  const caKeys = await makeKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(x509, `CN=${name} authority`),
    keys: caKeys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(x509, `CN=${name}`),
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']),
    ],
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const files = {
    caFile: join(directory, `${name}-ca.pem`),
    certificateFile: join(directory, `${name}.pem`),
    keyFile: join(directory, `${name}-key.pem`),
  };
  await writeFile(files.caFile, ca.toString('pem'));
  await writeFile(files.certificateFile, certificate.toString('pem'));
  await writeFile(files.keyFile, `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`);
  return files;
}

function makeKeys() {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function common(_x509: X509Library, subject: string) {
  const dayMs = 86_400_000;
  return {
    subject,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + dayMs),
    signingAlgorithm: ALGORITHM,
  };
}

/** An operator with an account that has JetStream and a user of it: lines of a server's configuration, and the user's creds. */
export function makeOperator(): { readonly config: string; readonly creds: string } {
  const operator = createOperator();
  const system = createAccount();
  const account = createAccount();
  const user = createUser();
  const unlimited = {
    subs: -1,
    data: -1,
    payload: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
    conn: -1,
    leaf: -1,
  };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const operatorJwt = jwt(operator, operator, 'operator', { system_account: system.getPublicKey() });
  const systemJwt = jwt(operator, system, 'account', { limits: unlimited });
  const accountJwt = jwt(operator, account, 'account', { limits: { ...unlimited, ...storage } });
  const userJwt = jwt(account, user, 'user', { subs: -1, data: -1, payload: -1 });
  const config = [
    `operator: ${operatorJwt}`,
    `system_account: ${system.getPublicKey()}`,
    'resolver: MEMORY',
    `resolver_preload: { ${system.getPublicKey()}: ${systemJwt}, ${account.getPublicKey()}: ${accountJwt} }`,
  ].join('\n');
  const seed = Buffer.from(user.getSeed()).toString();
  const creds = [
    '-----BEGIN NATS USER JWT-----',
    userJwt,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    seed,
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
  return { config, creds };
}

function jwt(issuer: KeyPair, subject: KeyPair, type: string, claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = encode({ typ: 'JWT', alg: 'ed25519-nkey' });
  const body = encode({
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: type,
    sub: subject.getPublicKey(),
    nats: { ...claims, type, version: 2 },
  });
  const signature = Buffer.from(issuer.sign(Buffer.from(`${head}.${body}`))).toString('base64url');
  return `${head}.${body}.${signature}`;
}
