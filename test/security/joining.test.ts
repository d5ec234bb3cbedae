import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../src/base/mod.ts';
import {
  encodeJoinApplication,
  encodeJoinRequest,
  MEMBER_PURPOSE,
  TOKEN_PURPOSE,
} from '../../src/region/planet/join-messages.ts';
import {
  EU,
  JoiningWorld,
  SECRET_FILES,
  US,
  WrongClock,
} from '../../src/region/planet/joining-world.suite.ts';
import { AgreementKey, isSigned, SigningKey } from '../../src/region/planet/keys.ts';
import { certify, memberName } from '../../src/region/planet/member-certificate.ts';
import { memberRecord } from '../../src/region/planet/membership.ts';
import { recordKey, recordRow } from '../../src/region/planet/records.ts';
import { open, seal } from '../../src/region/planet/sealed-box.ts';
import { parseJoinToken, textOfToken } from '../../src/region/planet/token-text.ts';

let world: JoiningWorld;
beforeEach(async () => {
  world = await JoiningWorld.start();
});
afterEach(() => world.close());

describe('nobody joins a planet', () => {
  it('by a token that has expired', async () => {
    const { text } = await world.token({ ttlMs: 60_000 });
    world.clock.offsetMs = 60_000;
    await expect(world.join(text)).rejects.toThrow(/the join token has expired/);
  });

  it('by a token that others have used up', async () => {
    const { text } = await world.token({ usesMax: 1 });
    await world.join(text);
    await world.membership.remove(1, { actor: 'test', nowMs: 1 });
    await expect(world.join(text)).rejects.toThrow(/the join token is used up/);
  });

  it('by a token that was revoked, also whoever had joined by it', async () => {
    const { text, id } = await world.token({ usesMax: 2 });
    const member = SigningKey.create(systemRandom);
    await world.join(text, { member });
    await world.tokens.revoke(id, 'kcp-admin');
    await expect(world.join(text)).rejects.toThrow(/the join token was revoked/);
    await expect(world.join(text, { member })).rejects.toThrow(/the join token was revoked/);
  });

  it('by a token that was made up, though its name is right', async () => {
    const { text } = await world.token();
    const token = parseJoinToken(text)!;
    const forged = textOfToken({ ...token, seed: systemRandom.bytes(32) });
    await expect(world.join(forged)).rejects.toThrow(/no such join token/);
    const unknown = textOfToken({ ...token, id: 'aaaaaaaa' });
    await expect(world.join(unknown)).rejects.toThrow(/no such join token/);
  });

  it('by what the planet stores of a token', async () => {
    const { text, id } = await world.token();
    const stored = Buffer.from(world.tokens.find(id)!.content.publicKey, 'base64url');
    const forged = textOfToken({ ...parseJoinToken(text)!, seed: stored });
    await expect(world.join(forged)).rejects.toThrow(/no such join token/);
  });

  it('with the key of a member that was removed', async () => {
    const { text } = await world.token({ usesMax: 2 });
    const member = SigningKey.create(systemRandom);
    await world.join(text, { member });
    await world.membership.remove(1, { actor: 'test', nowMs: 1 });
    await expect(world.join(text, { member })).rejects.toThrow(/m1 was removed from the planet/);
  });

  it('with a key that is not its own', async () => {
    const { text } = await world.token();
    const token = parseJoinToken(text)!;
    const application = encodeJoinApplication({
      tokenId: token.id,
      region: US,
      memberKey: world.founderKey.publicKey,
      answerKey: new AgreementKey(systemRandom).publicKey,
      timeMs: world.clock.nowMs(),
    });
    const body = encodeJoinRequest({
      application,
      tokenSignature: new SigningKey(token.seed).sign(TOKEN_PURPOSE, application),
      memberSignature: SigningKey.create(systemRandom).sign(MEMBER_PURPOSE, application),
    });
    await expect(world.desk.answer(body)).rejects.toThrow(/not its own/);
  });

  it.each([
    ['ahead of', 3_600_000],
    ['behind', -3_600_000],
  ])('with a clock that is %s the planet’s, and the token is not used up', async (side, offsetMs) => {
    const { text, id } = await world.token({ ttlMs: 7_200_000 });
    const clock = new WrongClock();
    clock.offsetMs = offsetMs;
    await expect(world.join(text, { clock })).rejects.toThrow(
      new RegExp(`(3599|36\\d\\d) s ${side} the planet's`),
    );
    expect(world.tokens.find(id)?.content.members).toEqual([]);
  });

  it('by saying anything that is no request', async () => {
    for (const body of [Buffer.alloc(0), Buffer.from('join'), systemRandom.bytes(500)]) {
      await expect(world.desk.answer(body)).rejects.toThrow(/cannot be read|no such join token|of version/);
    }
    expect(await world.membership.list()).toHaveLength(1);
  });
});

describe('whoever listens to the network', () => {
  it('sees neither the token nor a secret of the planet', async () => {
    const { text } = await world.token();
    const { seed } = parseJoinToken(text)!;
    await world.join(text);
    const heard = Buffer.concat(world.overheard);
    const secrets = [seed, world.planetKey.seed, ...SECRET_FILES.map(({ content }) => content)];
    expect(heard.length).toBeGreaterThan(200);
    for (const secret of secrets) expect(heard.includes(Buffer.from(secret))).toBe(false);
  });

  it('gets nothing by sending a request again: the answer is for its first sender, and the number is the same', async () => {
    const { text, id } = await world.token({ usesMax: 2 });
    await world.join(text);
    const [request] = world.overheard;
    const answer = await world.desk.answer(request!);
    expect(Buffer.from(answer).includes(Buffer.from(SECRET_FILES[0]!.content))).toBe(false);
    expect(world.tokens.find(id)?.content.members).toEqual([1]);
    world.clock.offsetMs = 61_000;
    // Refused for the token or for the time, which both have passed.
    await expect(world.desk.answer(request!)).rejects.toThrow(/behind the planet's|expired/);
  });

  it('cannot put its own key for the answer into a request', async () => {
    const { text } = await world.token();
    await world.join(text);
    const altered = Buffer.from(world.overheard[0]!);
    // The application is the first field of some length; every byte of it is signed.
    altered[40] = altered[40]! ^ 1;
    await expect(world.desk.answer(altered)).rejects.toThrow(/no such join token|cannot be read/);
  });

  it('cannot answer in place of the planet', async () => {
    const { text } = await world.token();
    const token = parseJoinToken(text)!;
    const other = SigningKey.create(systemRandom);
    const misled = textOfToken({ ...token, planetKey: other.publicKey });
    await expect(world.join(misled)).rejects.toThrow(/not from the planet that the token names/);
  });

  it('cannot open what is sealed, change it, or use it elsewhere', () => {
    const key = new AgreementKey(systemRandom);
    const context = Buffer.from('one question');
    const plaintext = Buffer.from('secret');
    const sealed = Buffer.from(seal({ to: key.publicKey, context, plaintext, random: systemRandom })!);
    expect(open({ key, context, sealed })).toEqual(plaintext);
    expect(open({ key: new AgreementKey(systemRandom), context, sealed })).toBeUndefined();
    expect(open({ key, context: Buffer.from('another question'), sealed })).toBeUndefined();
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed[index] = changed[index]! ^ 1;
      expect(open({ key, context, sealed: changed })).toBeUndefined();
    }
    // A point of small order, with which the secret would be known to everybody.
    expect(seal({ to: Buffer.alloc(32), context, plaintext, random: systemRandom })).toBeUndefined();
  });
});

describe('a member', () => {
  it('that claims another’s number is not believed: the key of a number is the one that the planet signed', async () => {
    const { text } = await world.token();
    const member = SigningKey.create(systemRandom);
    await world.join(text, { member });
    const statement = Buffer.from('m0 asks');
    const signature = member.sign('forward', statement);
    const isOf = (number: number) => {
      const { publicKey } = world.membership.memberOf(number)!;
      return isSigned({ publicKey, purpose: 'forward', statement, signature });
    };
    expect(isOf(1)).toBe(true);
    expect(isOf(0)).toBe(false);
  });

  it('is none by a record that the planet did not sign, or signed for another', async () => {
    const thief = SigningKey.create(systemRandom);
    const joinedMs = world.clock.nowMs();
    const write = async (number: number, record: object) => {
      const name = memberName(number);
      const mutations = [{ key: recordKey('member', name), row: recordRow(name, record) }];
      await world.store.commit({ mutations, actor: 'thief', originRegion: EU });
    };
    const statement = { number: 7, region: US, publicKey: thief.publicKey, joinedMs };
    await write(7, memberRecord(statement, { certificate: certify(thief, statement) }));
    expect(world.membership.memberOf(7)).toBeUndefined();
    // Its own certificate, under the number of the founder.
    const own = memberRecord(statement, { certificate: certify(world.planetKey, statement) });
    await write(0, own);
    expect(world.membership.memberOf(0)).toBeUndefined();
    await write(0, { ...own, number: 0 });
    expect(world.membership.memberOf(0)).toBeUndefined();
  });

  it('is none any more from the moment of its removal, and its number never comes back', async () => {
    const { text } = await world.token({ usesMax: 2 });
    await world.join(text);
    expect(world.membership.memberOf(1)).toBeDefined();
    expect(await world.membership.remove(1, { actor: 'test', nowMs: 5 })).toBe(true);
    expect(world.membership.memberOf(1)).toBeUndefined();
    expect(world.membership.memberOf('m1')).toBeUndefined();
    expect(world.membership.find(1)).toMatchObject({ removedMs: 5 });
    expect((await world.join(text)).number).toBe(2);
  });

  it.each(['m01', 'm-1', 'm1024', '1', 'm1e3', 'M0', ''])('is none by the name %j', (name) => {
    expect(world.membership.memberOf(name)).toBeUndefined();
  });
});
