import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RegionName, systemRandom } from '../../base/mod.ts';
import { EU, JoiningWorld, SECRET_FILES, US } from './joining-world.suite.ts';
import { SigningKey } from './keys.ts';
import { parseJoinToken } from './token-text.ts';

let world: JoiningWorld;
beforeEach(async () => {
  world = await JoiningWorld.start();
});
afterEach(() => world.close());

describe('a member that joins', () => {
  it('gets the secrets of the planet, a number of its own and a certificate for its key', async () => {
    const { text } = await world.token();
    const member = SigningKey.create(systemRandom);
    const grant = await world.join(text, { member });
    expect(grant.number).toBe(1);
    expect(grant.files.map(({ name, content }) => [name, Buffer.from(content).toString()])).toEqual(
      SECRET_FILES.map(({ name, content }) => [name, Buffer.from(content).toString()]),
    );
    expect(Buffer.from(grant.planetSeed)).toEqual(Buffer.from(world.planetKey.seed));
    expect(world.membership.memberOf(1)).toMatchObject({ number: 1, region: US });
    expect(Buffer.from(world.membership.memberOf('m1')!.publicKey)).toEqual(Buffer.from(member.publicKey));
  });

  it('gets the same number when it asks again, and uses up no more of the token', async () => {
    const { text, id } = await world.token();
    const member = SigningKey.create(systemRandom);
    const first = await world.join(text, { member });
    const second = await world.join(text, { member });
    expect(second.number).toBe(first.number);
    expect(Buffer.from(second.certificate)).toEqual(Buffer.from(first.certificate));
    expect(world.tokens.find(id)?.content.members).toEqual([1]);
  });

  it('gets a number that nobody had, also after members were removed', async () => {
    const { text } = await world.token({ usesMax: 3 });
    await world.join(text);
    await world.membership.remove(1, { actor: 'test', nowMs: 1 });
    expect((await world.join(text)).number).toBe(2);
    expect((await world.join(text, { region: 'ap' as RegionName })).number).toBe(3);
  });

  it('gets numbers apart when many join at once', async () => {
    const { text } = await world.token({ usesMax: 8 });
    const regions = ['us', 'ap', 'sa', 'af'] as RegionName[];
    const grants = await Promise.all(regions.map((region) => world.join(text, { region })));
    expect(grants.map(({ number }) => number).sort()).toEqual([1, 2, 3, 4]);
    // Of one region, which has room for one, all others are refused.
    await expect(world.join(text)).rejects.toThrow(/region us has a member/);
  });

  it('is refused in a region that has a member', async () => {
    const { text } = await world.token();
    await expect(world.join(text, { region: EU })).rejects.toThrow(/region eu has a member \(m0\)/);
  });
});

describe('a join token', () => {
  it('is kept as a public key alone', async () => {
    const { text, id } = await world.token();
    const { seed } = parseJoinToken(text)!;
    const stored = JSON.stringify(world.tokens.find(id)?.content);
    expect(stored).not.toContain(Buffer.from(seed).toString('base64url'));
    expect(stored).toContain(Buffer.from(new SigningKey(seed).publicKey).toString('base64url'));
  });

  it('is nothing when a character is missing', async () => {
    const { text } = await world.token();
    expect(parseJoinToken(text)).toBeDefined();
    expect(parseJoinToken(` ${text}\n`)).toBeDefined();
    expect(parseJoinToken(text.slice(0, -1))).toBeUndefined();
    expect(parseJoinToken(text.slice(1))).toBeUndefined();
  });

  it('for one region admits nobody of another', async () => {
    const { text } = await world.token({ region: 'ap' as RegionName });
    await expect(world.join(text)).rejects.toThrow(/for region ap, not for us/);
  });
});
