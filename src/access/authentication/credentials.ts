import type { User } from '../user.ts';

/** What a request brings to say who makes it. Nothing else of a request does: no header but this one is asked. */
export interface Credentials {
  /** The header as it was sent. */
  readonly authorization: string | undefined;
  /** The certificate by which the client opened its connection, whether or not it is trusted. */
  readonly certificate: ClientCertificate | undefined;
}

/** A client's certificate, as the TLS layer found it. */
export interface ClientCertificate {
  /** Whether a CA of clients vouches for it, for use by a client. */
  readonly isTrusted: boolean;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly uid: string;
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A credential that was presented and is no good: the request is answered 401, whatever anonymous users may. */
export class InvalidCredential {
  /** For access reviews; a client that is refused hears nothing of it. */
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * A token whose secret or signature was found right. Whatever may change during its life is asked with
 * every request, so that this can be remembered.
 */
export interface VerifiedToken {
  /** Whom the token stands for right now. */
  identify(): User | InvalidCredential;
  /** Whom it is meant for; undefined: this server, whatever it is called. */
  readonly audiences: readonly string[] | undefined;
}

/** What an authenticator makes of a token; undefined: it is none of its kind. */
export type Verification = VerifiedToken | InvalidCredential | undefined;

/** Knows one kind of bearer tokens. */
export interface TokenAuthenticator {
  verify(token: string): Verification | Promise<Verification>;
}
