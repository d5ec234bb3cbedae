import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RegionName } from '../../src/base/mod.ts';
import {
  decodeAnswer,
  decodeRequest,
  encodeRequest,
  type ForwardedRequest,
} from '../../src/replication/forward/messages.ts';
import { encodeSigned, openSigned } from '../../src/replication/forward/signed.ts';
import { type AskOutcome, collect, ed25519Keys, type MemberKeys } from '../../src/replication/mod.ts';
import { configMap } from '../http/client.ts';
import { startTwoMembers, type TwoMembers } from '../support/two-members.ts';

let two: TwoMembers;
let base: string;
let recorded: Uint8Array;

beforeAll(async () => {
  two = await startTwoMembers();
  base = `${await two.createCluster('forged')}/api/v1/namespaces/default/configmaps`;
});

afterAll(() => two.close());

beforeEach(async () => {
  two.intercept = (ask, options) => {
    if (options.topic === 'forward') recorded = options.body;
    return ask(options);
  };
  await two.away.client.create(base, configMap(`recorded-${Math.random()}`));
  two.intercept = undefined;
});

const to = { region: 'eu' as RegionName, member: 'm' };

function ask(body: Uint8Array): Promise<AskOutcome> {
  return two.away.transport.ask({ to, topic: 'forward', body, timeoutMs: 5_000 });
}

/** What the home says to a message that was made of the recorded one. */
async function answerTo(
  change: (request: ForwardedRequest) => Partial<ForwardedRequest>,
  keys: MemberKeys = two.away.keys,
) {
  const request = decodeRequest(openSigned(two.away.keys, 'request', recorded).content);
  const outcome = await ask(encodeSigned(keys, 'request', encodeRequest({ ...request, ...change(request) })));
  if (outcome.kind !== 'answered') return outcome;
  const bytes = await collect(outcome.parts, 1_000_000);
  return decodeAnswer(openSigned(two.away.keys, 'answer', bytes).content);
}

const fresh = () => ({ nonce: two.away.keys.sign(Buffer.from(String(Math.random()))).slice(0, 16) });

describe('a forwarded request', () => {
  it('is refused when it has come before, and changes nothing', async () => {
    const before = two.home.store.log.end.sequence;
    const outcome = await ask(recorded);
    if (outcome.kind !== 'answered') throw new Error(outcome.detail);
    const answer = decodeAnswer(
      openSigned(two.away.keys, 'answer', await collect(outcome.parts, 1_000_000)).content,
    );
    expect(answer).toMatchObject({ kind: 'refused', refusal: 'replayed' });
    expect(two.home.store.log.end.sequence).toBe(before);
  });

  it('is refused when a process of before was meant', async () => {
    two.restartReceiver();
    expect(await answerTo(() => ({}))).toMatchObject({ kind: 'refused', refusal: 'service' });
  });

  it('is refused when nobody of the planet has signed it, or somebody else than it says', async () => {
    const stranger = ed25519Keys({
      self: two.away.keys.self,
      privateKey: generateKeyPairSync('ed25519').privateKey,
      publicKeyOf: () => undefined,
    });
    expect(await answerTo(fresh, stranger)).toMatchObject({ kind: 'refused', status: 'refused' });
    const posing = ed25519Keys({
      self: { region: 'ap' as RegionName, member: 'm' },
      privateKey: two.privateKeys.us,
      publicKeyOf: () => undefined,
    });
    expect(await answerTo(fresh, posing)).toMatchObject({ kind: 'refused', status: 'refused' });
  });

  it('is refused when a byte of it is another', async () => {
    const changed = Buffer.from(recorded);
    changed[Math.floor(changed.length / 2)]! ^= 1;
    expect(await ask(changed)).toMatchObject({ kind: 'refused' });
  });

  it('is not taken for one when it was signed as something else', async () => {
    const { content } = openSigned(two.away.keys, 'request', recorded);
    for (const kind of ['answer', 'confirm', 'confirmed'] as const) {
      expect(await ask(encodeSigned(two.away.keys, kind, content))).toMatchObject({ kind: 'refused' });
    }
  });

  it('is refused when it is old, of a clock that is ahead, or meant to live long', async () => {
    const refused = { kind: 'refused', refusal: 'clock' };
    const sentAt = (shiftMs: number) => answerTo(({ sentMs }) => ({ ...fresh(), sentMs: sentMs + shiftMs }));
    expect(await sentAt(-60_000)).toMatchObject(refused);
    expect(await sentAt(60_000)).toMatchObject(refused);
    expect(await answerTo(() => ({ ...fresh(), lifetimeMs: 3_600_000 }))).toMatchObject(refused);
  });

  it('is refused when its id is that of another request', async () => {
    const other = () => ({ ...fresh(), body: Buffer.from(JSON.stringify(configMap('other'))) });
    expect(await answerTo(other)).toMatchObject({ kind: 'refused', refusal: 'denied' });
    const somebodyElse = ({ user }: ForwardedRequest) => ({ ...fresh(), user: { ...user, name: 'other' } });
    expect(await answerTo(somebodyElse)).toMatchObject({ kind: 'refused', refusal: 'denied' });
    await two.home.client.refuse(404, `${base}/other`);
  });

  it('is not a way to read from afar', async () => {
    const read = { method: 'GET', url: `${base}/other`, body: undefined };
    const id = () => ({ id: fresh().nonce });
    expect(await answerTo(() => ({ ...fresh(), ...id(), ...read }))).toMatchObject({
      kind: 'response',
      response: { status: 400 },
    });
  });

  it('is judged at the home as whoever it is of, who comes by no header', async () => {
    const headers = [
      ['authorization', 'Bearer admin-token'],
      ['x-remote-user', 'admin'],
    ] as const;
    const user = { name: 'alice', uid: '', groups: ['system:authenticated'], extra: {} };
    expect(await answerTo(() => ({ ...fresh(), id: fresh().nonce, headers, user }))).toMatchObject({
      kind: 'response',
      response: { status: 403 },
    });
  });
});

describe('the answer to a forwarded request', () => {
  it('is believed of nobody but the home, and of no other request', async () => {
    for (const forge of ['stranger', 'other nonce'] as const) {
      two.intercept = async (plain, options) => {
        const outcome = await plain(options);
        if (outcome.kind !== 'answered') return outcome;
        const { content } = openSigned(two.away.keys, 'answer', await collect(outcome.parts, 1_000_000));
        const forged = forge === 'stranger' ? content : Buffer.from(content);
        // The nonce comes first.
        if (forge === 'other nonce') forged[2]! ^= 1;
        const keys = forge === 'stranger' ? two.away.keys : two.home.keys;
        const bytes = encodeSigned(keys, 'answer', forged);
        return {
          ...outcome,
          parts: (async function* () {
            yield bytes;
          })(),
        };
      };
      const call = { method: 'POST', body: configMap(`forged-${forge.length}`) };
      const reply = await two.away.client.call(`${base}?timeout=1s`, call);
      expect(reply.status).toBe(504);
    }
  });
});
