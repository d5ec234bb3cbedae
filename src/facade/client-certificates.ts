import type { IncomingMessage } from 'node:http';
import type { Http2SecureServer, Http2Session } from 'node:http2';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../access/mod.ts';
import type { RawRequest } from './exchange.ts';

/** Where a request for a name holds the uid of its user: a part of the subject that Kubernetes defines. */
const UID_OID = '1.3.6.1.4.1.57683.2';

/**
 * The certificates by which clients opened their connections. Each is read once, when the connection is
 * ready, and forgotten with it.
 */
export class ClientCertificates {
  readonly #byConnection = new WeakMap<object, ClientCertificate>();

  /** Follows the connections of a server that asks its clients for certificates. */
  watch(server: Http2SecureServer): void {
    server.on('secureConnection', (socket: TLSSocket) => this.#remember(socket, socket));
    // HTTP/2 keeps its sockets to itself: its requests know their session.
    server.on('session', (session: Http2Session) => this.#remember(session, session.socket as TLSSocket));
  }

  /** Undefined when the client showed none. */
  of(request: RawRequest): ClientCertificate | undefined {
    const connection = 'stream' in request ? request.stream.session : (request as IncomingMessage).socket;
    return connection === undefined ? undefined : this.#byConnection.get(connection);
  }

  #remember(connection: object, socket: TLSSocket): void {
    // Of a client without certificate this is an object without anything in it.
    const certificate = socket.getPeerCertificate(false) as Partial<DetailedPeerCertificate> | null;
    if (!certificate?.raw) return;
    this.#byConnection.set(connection, clientCertificate(certificate as DetailedPeerCertificate, socket));
  }
}

function clientCertificate(certificate: DetailedPeerCertificate, socket: TLSSocket): ClientCertificate {
  const subject = certificate.subject as unknown as Readonly<Record<string, string | string[] | undefined>>;
  return {
    // What is not trusted is let in all the same, so that a token can say who it is.
    isTrusted: socket.authorized,
    commonName: textsOf(subject['CN']).at(-1) ?? '',
    organizations: textsOf(subject['O']),
    uid: textsOf(subject[UID_OID]).at(-1) ?? '',
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBeforeMs: Date.parse(certificate.valid_from),
    notAfterMs: Date.parse(certificate.valid_to),
  };
}

/** A part of a subject: a text where it stands once, a list where it stands several times. */
function textsOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
