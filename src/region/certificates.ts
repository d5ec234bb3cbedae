import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../base/mod.ts';
import {
  PRIVATE_FILE_MODE,
  PUBLIC_FILE_MODE,
  readFileIfPresent,
  writeFileAtomically,
} from './atomic-file.ts';
import type { IssuedCertificate, KeyedCertificate } from './certificate-issuance.ts';
import { StartError } from './start-error.ts';

export interface CertificateOptions {
  /** Where the four files are; made when it is missing. */
  readonly directory: string;
  /** Names besides the standard ones, such as this machine's. What is no DNS name is left out. */
  readonly hostnames: readonly string[];
  /** IP addresses besides loopback, such as the bind address. Wildcard addresses are left out. */
  readonly addresses: readonly string[];
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface Certificates {
  /** PEM of the CA: what clients trust. */
  readonly ca: string;
  /** The file that holds `ca`, for `curl --cacert`. */
  readonly caPath: string;
  /** PEM of the serving certificate. */
  readonly servingCertificate: string;
  /** PEM (PKCS #8) of the serving certificate's private key. */
  readonly servingKey: string;
  /** A certificate of this CA for a client: user = common name, groups = organizations; valid one year. */
  issueClientCertificate(subject: ClientSubject): Promise<IssuedCertificate>;
}

export interface ClientSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** The file names inside the directory; the serving pair is named as kcp names it. */
export const CERTIFICATE_FILES = {
  ca: 'ca.crt',
  caKey: 'ca.key',
  serving: 'apiserver.crt',
  servingKey: 'apiserver.key',
} as const;

const DAY_MS = 24 * 60 * 60 * 1000;
const CA_VALID_MS = 3650 * DAY_MS;
const SERVING_VALID_MS = 365 * DAY_MS;
/** A certificate with less time than this is renewed at the next start. */
const RENEW_BEFORE_MS = 30 * DAY_MS;

/** What every serving certificate names: loopback, and the names that pods know an API server by. */
const STANDARD_HOSTNAMES = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
const STANDARD_ADDRESSES = ['127.0.0.1', '::1'];

/**
 * The CA (ECDSA P-256, ten years) and the serving certificate (one year) of a root directory. They are
 * made at the first start; later starts only read and check them. The serving certificate is renewed when
 * fewer than 30 days are left, when the wanted names differ from those in it, and when it or its key is
 * missing or unreadable. A CA is never replaced while it is valid, since every client trusts it: damage to
 * it is a `StartError`.
 */
export async function ensureCertificates(options: CertificateOptions): Promise<Certificates> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const authority = await ensureAuthority(options);
  const serving = await ensureServing(options, authority);
  return {
    ca: authority.certificate,
    caPath: join(options.directory, CERTIFICATE_FILES.ca),
    servingCertificate: serving.certificate,
    servingKey: serving.key,
    async issueClientCertificate(subject) {
      const { issueCertificate } = await import('./certificate-issuance.ts');
      return issueCertificate({
        authority: requireKey(authority, options.directory),
        subject,
        usage: 'client',
        ...lifetime(options.clock.nowMs(), SERVING_VALID_MS),
      });
    },
  };
}

/** A CA whose private key may be kept elsewhere: it serves until something must be issued. */
interface Authority {
  readonly certificate: string;
  readonly key: string | undefined;
}

async function ensureAuthority(options: CertificateOptions): Promise<Authority> {
  const certificatePath = join(options.directory, CERTIFICATE_FILES.ca);
  const keyPath = join(options.directory, CERTIFICATE_FILES.caKey);
  const certificate = await readFileIfPresent(certificatePath);
  if (certificate !== undefined) {
    const key = await readFileIfPresent(keyPath);
    const parsed = parseCertificate(certificate);
    if (parsed === undefined || !parsed.ca || (key !== undefined && !keyFits(parsed, key))) {
      throw new StartError(
        `${certificatePath} and ${keyPath} are not a usable CA certificate and its key; restore them from a backup, ` +
          'or remove both to make a new CA (clients then need the new admin.kubeconfig)',
      );
    }
    if (remainingMs(parsed, options.clock) >= RENEW_BEFORE_MS) return { certificate, key };
  }
  const { createAuthority } = await import('./certificate-issuance.ts');
  const made = await createAuthority(lifetime(options.clock.nowMs(), CA_VALID_MS));
  // The key goes first: after a crash between the two a lone key is simply replaced.
  await writeFileAtomically({ path: keyPath, content: made.key, mode: PRIVATE_FILE_MODE });
  await writeFileAtomically({ path: certificatePath, content: made.certificate, mode: PUBLIC_FILE_MODE });
  return made;
}

async function ensureServing(options: CertificateOptions, authority: Authority): Promise<IssuedCertificate> {
  const certificatePath = join(options.directory, CERTIFICATE_FILES.serving);
  const keyPath = join(options.directory, CERTIFICATE_FILES.servingKey);
  const names = wantedNames(options);
  const certificate = await readFileIfPresent(certificatePath);
  const key = await readFileIfPresent(keyPath);
  if (certificate !== undefined && key !== undefined) {
    const parsed = parseCertificate(certificate);
    const isUsable =
      parsed !== undefined &&
      keyFits(parsed, key) &&
      parsed.verify(new X509Certificate(authority.certificate).publicKey) &&
      remainingMs(parsed, options.clock) >= RENEW_BEFORE_MS &&
      hasExactly(parsed, names);
    if (isUsable) return { certificate, key };
  }
  const { issueCertificate } = await import('./certificate-issuance.ts');
  const issued = await issueCertificate({
    authority: requireKey(authority, options.directory),
    subject: { commonName: 'antipode', organizations: [] },
    usage: 'serving',
    ...names,
    ...lifetime(options.clock.nowMs(), SERVING_VALID_MS),
  });
  // A crash between the two leaves a pair that does not fit, which the next start replaces.
  await writeFileAtomically({ path: keyPath, content: issued.key, mode: PRIVATE_FILE_MODE });
  await writeFileAtomically({ path: certificatePath, content: issued.certificate, mode: PUBLIC_FILE_MODE });
  return issued;
}

interface Names {
  readonly hostnames: readonly string[];
  readonly addresses: readonly string[];
}

function wantedNames(options: CertificateOptions): Names {
  const hostnames = options.hostnames.map((name) => name.toLowerCase()).filter(isHostname);
  const addresses = options.addresses.map(withoutZone).filter(isSpecificAddress);
  return {
    hostnames: [...new Set([...STANDARD_HOSTNAMES, ...hostnames])],
    addresses: [...new Set([...STANDARD_ADDRESSES, ...addresses])],
  };
}

function isHostname(name: string): boolean {
  return (
    name.length <= 253 &&
    isIP(name) === 0 &&
    name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
  );
}

function withoutZone(address: string): string {
  return address.split('%', 1)[0] ?? address;
}

function isSpecificAddress(address: string): boolean {
  return isIP(address) !== 0 && !/^[0:.]+$/.test(address);
}

function hasExactly(certificate: X509Certificate, names: Names): boolean {
  // Node prints one entry per name, separated by ", ", which no name accepted above can contain.
  const count = (certificate.subjectAltName ?? '').split(', ').length;
  return (
    count === names.hostnames.length + names.addresses.length &&
    names.hostnames.every((name) => certificate.checkHost(name, { subject: 'never' }) !== undefined) &&
    names.addresses.every((address) => certificate.checkIP(address) !== undefined)
  );
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function keyFits(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

// Negative as well when the certificate is not valid yet, which means that the clock was set back.
function remainingMs(certificate: X509Certificate, clock: Pick<Clock, 'nowMs'>): number {
  const nowMs = clock.nowMs();
  if (nowMs < Date.parse(certificate.validFrom)) return -1;
  return Date.parse(certificate.validTo) - nowMs;
}

function lifetime(nowMs: number, validMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  // An hour of tolerance for clients whose clock is behind.
  return { notBefore: new Date(nowMs - 60 * 60 * 1000), notAfter: new Date(nowMs + validMs) };
}

function requireKey(authority: Authority, directory: string): KeyedCertificate {
  if (authority.key !== undefined) return { certificate: authority.certificate, key: authority.key };
  throw new StartError(
    `${join(directory, CERTIFICATE_FILES.caKey)} is missing and a certificate must be issued; restore it, ` +
      `or remove ${CERTIFICATE_FILES.ca} beside it to make a new CA (clients then need the new admin.kubeconfig)`,
  );
}
