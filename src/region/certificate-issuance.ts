import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { loadX509, type X509Library } from './x509.ts';

/** A certificate and its private key, both PEM; the key is PKCS #8. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** The CA that signs. */
export type KeyedCertificate = IssuedCertificate;

export interface Lifetime {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface CertificateRequest extends Lifetime {
  readonly authority: KeyedCertificate;
  readonly subject: { readonly commonName: string; readonly organizations: readonly string[] };
  /** A `peer` is both: servers that call each other, such as those of NATS, have one certificate for it. */
  readonly usage: 'serving' | 'client' | 'peer';
  readonly hostnames?: readonly string[];
  readonly addresses?: readonly string[];
}

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' };

/** Makes a self-signed CA that may sign end-entity certificates only. */
export async function createAuthority(lifetime: Lifetime): Promise<IssuedCertificate> {
  const x509 = await loadX509();
  const keys = await generateKeys();
  const flags = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: newSerialNumber(),
      // The suffix tells two CAs apart that stand in one trust store.
      name: [{ CN: [`antipode-ca@${Math.floor(lifetime.notBefore.getTime() / 1000)}`] }],
      keys,
      ...lifetime,
      signingAlgorithm: SIGNING_ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(flags.keyCertSign | flags.cRLSign | flags.digitalSignature, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: pemOf(certificate), key: await exportKey(keys.privateKey) };
}

/** Issues an end-entity certificate; it never outlives its CA. */
export async function issueCertificate(request: CertificateRequest): Promise<IssuedCertificate> {
  const x509 = await loadX509();
  const authority = new x509.X509Certificate(request.authority.certificate);
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: newSerialNumber(),
      subject: subjectOf(x509, request),
      issuer: authority.subjectName,
      notBefore: request.notBefore,
      notAfter: new Date(Math.min(request.notAfter.getTime(), authority.notAfter.getTime())),
      publicKey: keys.publicKey,
      signingKey: await importKey(request.authority.key),
      signingAlgorithm: SIGNING_ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          ...(request.usage === 'client' ? [] : [x509.ExtendedKeyUsage.serverAuth]),
          ...(request.usage === 'serving' ? [] : [x509.ExtendedKeyUsage.clientAuth]),
        ]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey, false, webcrypto),
        ...alternativeNames(x509, request),
      ],
    },
    webcrypto,
  );
  return { certificate: pemOf(certificate), key: await exportKey(keys.privateKey) };
}

function subjectOf(x509: X509Library, request: CertificateRequest): InstanceType<X509Library['Name']> {
  const { commonName, organizations } = request.subject;
  // Given as plain strings, values would lose quotes, and those that begin with # would be read as hex.
  const value = (utf8String: string): { utf8String: string }[] => [{ utf8String }];
  // One relative name per organization, as Go's crypto/x509 reads and writes them.
  return new x509.Name([
    ...organizations.map((organization) => ({ O: value(organization) })),
    { CN: value(commonName) },
  ]);
}

function alternativeNames(
  x509: X509Library,
  request: CertificateRequest,
): InstanceType<X509Library['SubjectAlternativeNameExtension']>[] {
  const hostnames = (request.hostnames ?? []).map((value) => ({ type: 'dns' as const, value }));
  const addresses = (request.addresses ?? []).map((value) => ({ type: 'ip' as const, value }));
  const names = [...hostnames, ...addresses];
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, false, ['sign']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

function pemOf(certificate: InstanceType<X509Library['X509Certificate']>): string {
  return `${certificate.toString('pem').trimEnd()}\n`;
}

// A serial number is positive, at most 20 bytes long, and unguessable (CA/Browser Forum: 64 bits or more).
function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
