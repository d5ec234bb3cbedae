import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { RegionName } from '../../base/mod.ts';
import type { MemberName } from '../transport/mod.ts';
import { MalformedMessage, NO_BYTES, newWriter, readFields } from './fields.ts';

/** What is said; a signature counts for one of these alone, so that no message passes for one of another kind. */
export type MessageKind = 'request' | 'answer' | 'confirm' | 'confirmed';

/** The keys by which the members of a planet know each other. */
export interface MemberKeys {
  readonly self: MemberName;
  sign(bytes: Uint8Array): Uint8Array;
  /** Whether that member of this planet, and no former one, has signed these bytes. */
  verify(member: MemberName, bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** Keys for Ed25519. `publicKeyOf`: the key of a member of the planet as it is now; undefined for nobody. */
export function ed25519Keys(options: {
  readonly self: MemberName;
  readonly privateKey: KeyObject;
  publicKeyOf(member: MemberName): KeyObject | undefined;
}): MemberKeys {
  const own = createPublicKey(options.privateKey);
  if (own.asymmetricKeyType !== 'ed25519') throw new TypeError('members sign by Ed25519');
  return {
    self: options.self,
    sign: (bytes) => sign(null, bytes, options.privateKey),
    verify(member, bytes, signature) {
      const key = options.publicKeyOf(member);
      return key?.asymmetricKeyType === 'ed25519' && verify(null, bytes, key, signature);
    },
  };
}

const VERSION = 1;
const DOMAIN = 'antipode.replication.v1';

export function encodeSigned(keys: MemberKeys, kind: MessageKind, content: Uint8Array): Uint8Array {
  const { region, member } = keys.self;
  const signature = keys.sign(textToSign(kind, keys.self, content));
  const writer = newWriter().uint32(8).uint32(VERSION).uint32(18).string(region).uint32(26).string(member);
  return writer.uint32(34).bytes(content).uint32(42).bytes(signature).finish();
}

export interface Opened {
  readonly from: MemberName;
  readonly content: Uint8Array;
}

/** What a member has said, as far as it was that member. Throws {@link MalformedMessage} for anything else. */
export function openSigned(keys: MemberKeys, kind: MessageKind, bytes: Uint8Array): Opened {
  let version = 0;
  let region = '';
  let member = '';
  let content = NO_BYTES;
  let signature = NO_BYTES;
  readFields(bytes, 'a signed message', (reader, field) => {
    if (field === 1) version = reader.uint32();
    else if (field === 2) region = reader.string();
    else if (field === 3) member = reader.string();
    else if (field === 4) content = reader.bytes();
    else if (field === 5) signature = reader.bytes();
    else return false;
    return true;
  });
  if (version !== VERSION) {
    throw new MalformedMessage(`a signed message has version ${version}, and this member reads ${VERSION}`);
  }
  const from = { region: region as RegionName, member };
  if (!keys.verify(from, textToSign(kind, from, content), signature)) {
    throw new MalformedMessage(`the signature of ${region}/${member} is not that of a member of this planet`);
  }
  return { from, content };
}

function textToSign(kind: MessageKind, { region, member }: MemberName, content: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${DOMAIN}\0${kind}\0${region}\0${member}\0`), content]);
}
