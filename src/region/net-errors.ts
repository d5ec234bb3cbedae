/**
 * What Go's HTTP client says of a failed call, which is what operators of Kubernetes know and search for:
 * the reason without the `Post "<url>": ` before it.
 */
export function goErrorText(error: unknown, url: URL): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'context deadline exceeded';
  if (error.name === 'AbortError') {
    const reason: unknown = error.cause;
    return reason instanceof Error && reason.name === 'TimeoutError'
      ? 'context deadline exceeded'
      : 'context canceled';
  }
  const code = codeOf(error) ?? codeOf(error.cause);
  const peer = `${url.hostname}:${url.port || '443'}`;
  switch (code) {
    case 'ECONNREFUSED':
      return `dial tcp ${addressOf(error) ?? peer}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `dial tcp ${addressOf(error) ?? peer}: connect: no route to host`;
    case 'ENETUNREACH':
      return `dial tcp ${addressOf(error) ?? peer}: connect: network is unreachable`;
    case 'ETIMEDOUT':
      return `dial tcp ${addressOf(error) ?? peer}: connect: connection timed out`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${url.hostname}: no such host`;
    case 'ECONNRESET':
    case 'EPIPE':
      return 'EOF';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `${UNVERIFIED}certificate signed by unknown authority`;
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return `${UNVERIFIED}certificate has expired or is not yet valid`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `${UNVERIFIED}certificate is not valid for ${url.hostname}`;
    default:
      return error.message;
  }
}

const UNVERIFIED = 'tls: failed to verify certificate: x509: ';

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function addressOf(error: Error): string | undefined {
  if (!('address' in error && 'port' in error)) return undefined;
  const address = String(error.address);
  return `${address.includes(':') ? `[${address}]` : address}:${String(error.port)}`;
}
