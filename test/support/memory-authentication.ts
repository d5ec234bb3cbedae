import { generateKeyPairSync } from 'node:crypto';
import {
  Authenticator,
  parseSigningKey,
  ServiceAccountIssuer,
  serviceAccountTokens,
  verificationKey,
} from '../../src/access/mod.ts';
import type { Api } from '../../src/api/mod.ts';
import { systemClock, systemRandom } from '../../src/base/mod.ts';
import type { ObjectStore } from '../../src/store/mod.ts';

const ISSUER = 'https://kcp.default.svc';
// One for all members of a test, so that tokens outlive a crash.
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const signingKey = parseSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());

/** Tokens of service accounts, and nobody else's. */
export function memoryAuthentication(store: ObjectStore): Pick<Api, 'authenticator' | 'serviceAccounts'> {
  const keys = [verificationKey(signingKey)];
  const tokens = [
    serviceAccountTokens({ issuers: [ISSUER], keys, clock: systemClock, read: (key) => store.get(key) }),
  ];
  return {
    authenticator: new Authenticator({
      tokens,
      clock: systemClock,
      audiences: [ISSUER],
      allowsAnonymous: false,
    }),
    serviceAccounts: new ServiceAccountIssuer({
      issuer: ISSUER,
      signingKey,
      keys,
      clock: systemClock,
      random: systemRandom,
      keysUrl: () => `${ISSUER}/openid/v1/jwks`,
    }),
  };
}
