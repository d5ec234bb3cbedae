import type { ServiceAccountIssuer } from '../access/mod.ts';
import { encodeJson } from '../machinery/mod.ts';
import type { Exchange } from './exchange.ts';

// Both change only when an operator changes keys, as upstream has it.
const headers = { 'Cache-Control': 'public, max-age=3600' };

/** Answers how tokens of service accounts are verified (OpenID Connect Discovery). Always JSON, never indented. */
export function sendOpenId(
  exchange: Exchange,
  kind: 'openid-configuration' | 'openid-keys',
  issuer: ServiceAccountIssuer,
): void {
  const isKeys = kind === 'openid-keys';
  const document = isKeys ? issuer.keySet() : issuer.discovery();
  const contentType = isKeys ? 'application/jwk-set+json' : 'application/json';
  exchange.send({ code: 200, contentType, headers }, Buffer.from(encodeJson(document)));
}
