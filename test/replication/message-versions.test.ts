import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import type { LogicalCluster, RegionName, Revision, ShardName } from '../../src/base/mod.ts';
import * as convergence from '../../src/region/convergence/messages.ts';
import * as joining from '../../src/region/planet/join-messages.ts';
import * as refill from '../../src/region/planet/refill-messages.ts';
import * as forward from '../../src/replication/forward/messages.ts';
import { encodeSigned, openSigned } from '../../src/replication/forward/signed.ts';
import * as homes from '../../src/replication/homes/messages.ts';
import type { Question } from '../../src/replication/homes/protocol.ts';
import * as transport from '../../src/replication/transport/messages.ts';
import { decodeStatePart, encodeStatePart, STATE_VERSION } from '../../src/store/state-parts.ts';

/** What a region that runs a later version may send: every message has fields that nobody here knows. */
const FUTURE = '__future';
const protos = fileURLToPath(new URL('../../proto/antipode/replication/v1/', import.meta.url));
const now = rootOfProtos();
const later = rootOfProtos();
for (const type of typesOf(later)) type.add(new protobuf.Field(FUTURE, 900, 'string'));

function rootOfProtos(): protobuf.Root {
  const files = readdirSync(protos).map((name) => join(protos, name));
  return new protobuf.Root().loadSync(files, { keepCase: true });
}

function typesOf(namespace: protobuf.NamespaceBase): readonly protobuf.Type[] {
  return namespace.nestedArray.flatMap((each) => {
    if (each instanceof protobuf.Type) return [each, ...typesOf(each)];
    return each instanceof protobuf.Namespace ? typesOf(each) : [];
  });
}

function typeNamed(root: protobuf.Root, name: string): protobuf.Type {
  return root.lookupType(`antipode.replication.v1.${name}`);
}

/** The same message as a later version may write it. */
function fromTheFuture(name: string, encoded: Uint8Array, changes: object = {}): Uint8Array {
  const plain = now.lookupType(typeNamed(now, name).fullName);
  const type = typeNamed(later, name);
  const message = plain.toObject(plain.decode(encoded), { longs: String });
  return type.encode(type.fromObject({ ...enriched(type, message), ...changes })).finish();
}

function enriched(type: protobuf.Type, message: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...message, [FUTURE]: 'what is to come' };
  for (const field of type.fieldsArray) {
    const value = message[field.name];
    const inner = field.resolve().resolvedType;
    if (!(inner instanceof protobuf.Type) || value === undefined) continue;
    const enrich = (each: unknown) => enriched(inner, each as Record<string, unknown>);
    result[field.name] = Array.isArray(value) ? value.map(enrich) : enrich(value);
  }
  return result;
}

interface Case {
  /** Of the proto files. */
  readonly type: string;
  readonly encoded: Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
  /** Where it says its version; absent where the message that holds it says that of both. */
  readonly newer?: (encoded: Uint8Array) => Uint8Array;
}

const hash = Buffer.alloc(32, 7);
const bytes = Buffer.from('bytes');
const eu = { region: 'eu' as RegionName, member: 'm0' };
const voter = { ...eu, incarnation: 'first' };
const position = { epoch: 9, sequence: 41, hash };
const settings = { goal: 'zone', formerGoal: 'region', voters: [{ ...voter, slot: 1 }] } as const;
const state = {
  voter,
  promised: 9,
  pending: [17, 25],
  end: position,
  isSealed: true,
  settings,
  revision: 77,
} as const;
const keys = { self: eu, sign: () => bytes, verify: () => true };
const questions: readonly Question[] = [
  { kind: 'promise', epoch: 17, from: voter },
  { kind: 'state', from: voter },
  { kind: 'holding', state },
  { kind: 'take-over', from: voter, sealed: position, revision: 77 },
];

function versioned(
  type: string,
  encoded: Uint8Array,
  decode: (encoded: Uint8Array) => unknown,
  version = 2,
): Case {
  return { type, encoded, decode, newer: (old) => fromTheFuture(type, old, { version }) };
}

const CASES: readonly Case[] = [
  versioned(
    'LogMessage',
    transport.encodeLogMessage('root', 9, {
      firstSequence: 40,
      lastSequence: 41,
      lastHash: hash,
      frames: [bytes, bytes],
      end: { nextEpoch: 10, nextRegion: 'us' as RegionName },
    }),
    transport.decodeLogMessage,
  ),
  versioned(
    'Heartbeat',
    transport.encodeHeartbeat({
      ...{ log: 'root', ...eu, ...position, revision: 5, timeMs: 6, publishedEpoch: 9 },
      hears: ['us' as RegionName],
    }),
    transport.decodeHeartbeat,
  ),
  versioned(
    'Question',
    transport.encodeQuestion({ from: eu, timeoutMs: 100, body: bytes }),
    transport.decodeQuestion,
  ),
  versioned(
    'Answer',
    transport.encodeAnswer({
      status: 'answered',
      detail: '',
      body: bytes,
      parts: 'p',
      from: eu,
      last: true,
    }),
    transport.decodeAnswer,
  ),
  versioned(
    'Part',
    transport.encodePartRequest({ parts: 'p', index: 1, arrived: 1, stop: true }),
    transport.decodePartRequest,
  ),
  versioned('ShardSettings', homes.encodeSettings(settings), homes.decodeSettings),
  ...questions.map((question) =>
    versioned('HomeQuestion', homes.encodeQuestion('root', question), homes.decodeQuestion),
  ),
  versioned('HomeAnswer', homes.encodeAnswer({ isGranted: true, state, mark: position }), homes.decodeAnswer),
  versioned('SignedMessage', encodeSigned(keys, 'request', bytes), (encoded) =>
    openSigned(keys, 'request', encoded),
  ),
  versioned(
    'JoinRequest',
    joining.encodeJoinRequest({ application: bytes, tokenSignature: bytes, memberSignature: bytes }),
    joining.decodeJoinRequest,
  ),
  versioned(
    'JoinAnswer',
    joining.encodeJoinAnswer({ sealed: bytes, signature: bytes }),
    joining.decodeJoinAnswer,
  ),
  versioned(
    'JoinGrant',
    joining.encodeJoinGrant({
      number: 3,
      joinedMs: 5,
      certificate: bytes,
      planetSeed: bytes,
      files: [{ name: 'ca.crt', content: bytes }],
    }),
    joining.decodeJoinGrant,
  ),
  {
    type: 'StatePart',
    encoded: encodeStatePart({
      kind: 'header',
      header: {
        version: STATE_VERSION,
        shard: 'root',
        head: { ...position, revision: 77 as Revision },
        base: { ...position, revision: 77 as Revision },
      },
    }),
    decode: decodeStatePart,
    newer: (old) => {
      const type = typeNamed(now, 'StatePart');
      const message = type.toObject(type.decode(old)) as { header: object };
      return type.encode({ header: { ...message.header, version: STATE_VERSION + 1 } }).finish();
    },
  },
  {
    type: 'JoinApplication',
    encoded: joining.encodeJoinApplication({
      tokenId: 't',
      region: 'us',
      memberKey: bytes,
      answerKey: bytes,
      timeMs: 5,
    }),
    decode: joining.decodeJoinApplication,
  },
  {
    type: 'ForwardedRequest',
    encoded: forward.encodeRequest({
      shard: 'root' as ShardName,
      service: bytes,
      nonce: bytes,
      id: bytes,
      sentMs: 1,
      lifetimeMs: 2,
      leftMs: 3,
      method: 'POST',
      url: '/api',
      headers: [['accept', 'application/json']],
      body: bytes,
      user: { name: 'ada', uid: 'u', groups: ['g'], extra: { key: ['value'] } },
      baseUrl: 'https://eu',
      memberNumber: 1,
      shown: { text: '5', revision: 5 },
    }),
    decode: forward.decodeRequest,
  },
  {
    type: 'ForwardedAnswer',
    encoded: forward.encodeAnswer({
      kind: 'response',
      nonce: bytes,
      service: bytes,
      response: {
        status: 201,
        headers: [['content-type', 'application/json']],
        body: bytes,
        revision: 5,
        shownRevisions: [6, 7],
        isUnknown: true,
      },
    }),
    decode: forward.decodeAnswer,
  },
  {
    type: 'Confirmed',
    encoded: forward.encodeConfirmed({ nonce: bytes, refusal: 'away', detail: 'why', revision: 5 }),
    decode: forward.decodeConfirmed,
  },
  {
    type: 'ConfirmQuestion',
    encoded: forward.encodeConfirmQuestion({ nonce: bytes, shard: 'root' as ShardName }),
    decode: forward.decodeConfirmQuestion,
  },
  {
    type: 'RefillRequest',
    encoded: refill.encodeRefillRequest({ log: 'root', from: 5, bytesMax: 9 }),
    decode: refill.decodeRefillRequest,
  },
  {
    type: 'ReplayAnswer',
    encoded: refill.encodeRefillAnswer({ kind: 'frames', frames: [bytes], epoch: 9, mark: 40 }),
    decode: refill.decodeRefillAnswer,
  },
  {
    type: 'DigestMessage',
    encoded: convergence.encodeDigests({
      summaries: [{ form: 'sums', prefix: 'ab', sums: new Map([['cd', bytes]]) }],
      differing: ['uid'],
    }),
    decode: convergence.decodeDigests,
  },
  {
    type: 'DocumentMessage',
    encoded: convergence.encodeDocuments({
      documents: [
        {
          key: {
            cluster: 'root' as LogicalCluster,
            group: 'g',
            resource: 'r',
            identity: 'i',
            namespace: 'n',
            name: 'name',
          },
          uid: 'uid',
          document: bytes,
          remembered: 'text',
        },
      ],
      wanted: ['uid'],
    }),
    decode: convergence.decodeDocuments,
  },
];

describe('messages between regions that run different versions', () => {
  it.each(CASES)('$type is understood though it says more than this version knows', (each) => {
    expect(each.decode(fromTheFuture(each.type, each.encoded))).toEqual(each.decode(each.encoded));
  });

  it.each(CASES.flatMap(({ newer, ...each }) => (newer ? [{ ...each, newer }] : [])))(
    '$type of a newer version is refused with what to do about it, or which version that is',
    ({ encoded, decode, newer }) => {
      expect(() => decode(newer(encoded))).toThrow(/version 2.*(update this member|reads 1|upgrade it)/);
    },
  );

  it('are all among these', () => {
    const types = typesOf(now);
    const inOthers = new Set(
      types.flatMap(({ fieldsArray }) => fieldsArray.map((field) => field.resolve().resolvedType?.name)),
    );
    const alone = types.map(({ name }) => name).filter((name) => !inOthers.has(name));
    expect(alone.filter((name) => CASES.every(({ type }) => type !== name))).toEqual([]);
    // What has no version of its own is the body of a message that has one, or signed with it.
    const bare = CASES.filter(({ newer }) => newer === undefined).map(({ type }) => type);
    expect(bare.sort()).toEqual([
      'ConfirmQuestion',
      'Confirmed',
      'DigestMessage',
      'DocumentMessage',
      'ForwardedAnswer',
      'ForwardedRequest',
      'JoinApplication',
      'RefillRequest',
      'ReplayAnswer',
    ]);
  });
});
