import { describe, expect, test } from 'vitest';
import type { LogicalCluster } from '../../base/mod.ts';
import type { Outcome } from '../../store/mod.ts';
import { foundWorld, type HomesMember, SHARD } from './homes-world.suite.ts';

function write(member: HomesMember, name: string): Promise<Outcome> {
  const key = {
    cluster: 'c1' as LogicalCluster,
    group: '',
    resource: 'configmaps',
    identity: '',
    namespace: 'd',
    name,
  };
  const json = Buffer.from('{"metadata":{"name":"a"}}');
  const row = {
    uid: name,
    definitionHash: 'd',
    json,
    metadataOffset: 12,
    isAnnotated: false,
    labels: {},
    fields: {},
    owners: [],
  };
  return member.store.commit({ mutations: [{ key, row }], actor: 'tester', originRegion: member.region });
}

describe('the home of a shard', () => {
  test('acknowledges when a majority has the commit, and takes no writes without one', async () => {
    const { world, members } = await foundWorld({ goal: 'region' });
    const [eu, us, ap] = members as [HomesMember, HomesMember, HomesMember];
    await world.pass(3_000);
    expect(eu.shard.isHome).toBe(true);
    await world.until(write(eu, 'a'));
    const holders = members.filter(({ store }) => store.log.end.sequence === eu.store.log.end.sequence);
    expect(holders.length).toBeGreaterThanOrEqual(2);
    expect(await world.until(eu.shard.confirmEpoch())).toBe(true);
    us.crash();
    ap.crash();
    await world.pass(4_000);
    await expect(write(eu, 'b')).rejects.toMatchObject({ reason: 'goal' });
    expect(await world.until(eu.shard.confirmEpoch())).toBe(false);
    expect(eu.shard.status).toMatchObject({ home: 'eu', goal: 'region', role: 'home', met: undefined });
    await us.start();
    us.follow(() => [eu]);
    await world.pass(3_000);
    await world.until(write(eu, 'c'));
    expect(eu.shard.status.met).toBe('region');
  });

  test('is another region within two seconds of a move, and every revision stays valid', async () => {
    const { world, members } = await foundWorld({ goal: 'region' });
    const [eu, us, ap] = members as [HomesMember, HomesMember, HomesMember];
    await world.pass(3_000);
    const { revisions } = await world.until(write(eu, 'a'));
    const from = world.clock.monotonicMs();
    const moved = ap.homes.move(SHARD, us.region);
    while (!us.shard.isHome) await world.pass(10);
    await world.until(write(us, 'b'));
    const pauseMs = world.clock.monotonicMs() - from;
    expect(pauseMs).toBeLessThan(2_000);
    expect(await world.until(moved)).toMatchObject({ kind: 'done', epoch: 2 });
    await world.pass(2_000);
    for (const { store } of members) expect(store.log.statusOf(revisions[0]!)).toBe('valid');
    await expect(write(eu, 'c')).rejects.toMatchObject({ reason: 'away' });
    expect(members.map(({ shard }) => shard.status.home)).toEqual(['us', 'us', 'us']);
  });

  test('is promoted after the loss of a region, and the old one reports what was not adopted', async () => {
    const { world, members } = await foundWorld({ goal: 'region' });
    const [eu, us, ap] = members as [HomesMember, HomesMember, HomesMember];
    await world.pass(3_000);
    await world.until(write(eu, 'kept'));
    world.planet.cut('eu', 'us');
    world.planet.cut('eu', 'ap');
    const lost = write(eu, 'lost').catch((error: Error) => error.name);
    await world.pass(500);
    const from = world.clock.monotonicMs();
    const promotion = us.homes.promote(SHARD, { region: us.region, acceptLoss: false, salt: 0 });
    expect(await world.until(promotion)).toMatchObject({ kind: 'done', epoch: 2 });
    await world.until(write(us, 'after'));
    expect(world.clock.monotonicMs() - from).toBeLessThan(5_000);
    world.planet.heal('eu', 'us');
    world.planet.heal('eu', 'ap');
    await world.pass(6_000);
    expect(await world.until(lost)).toBe('OutcomeUnknown');
    expect(eu.shard.isHome).toBe(false);
    const notAdopted: string[] = [];
    for await (const batch of eu.store.log.notAdopted())
      for (const { frame } of batch) notAdopted.push(...frame.changes.map(({ key }) => key.name));
    expect(notAdopted).toEqual(['lost']);
    const ends = members.map(({ store }) => Buffer.from(store.log.end.hash).toString('hex'));
    expect(new Set(ends).size).toBe(1);
    expect(ap.store.log.visible.sequence).toBe(us.store.log.visible.sequence);
  });

  test('that acknowledges alone is replaced only by somebody who accepts a loss', async () => {
    const { world, members } = await foundWorld({ goal: 'process' });
    const [eu, us] = members as [HomesMember, HomesMember, HomesMember];
    await world.pass(3_000);
    await world.until(write(eu, 'a'));
    await world.pass(500);
    eu.crash();
    const promote = (acceptLoss: boolean) =>
      world.until(us.homes.promote(SHARD, { region: us.region, acceptLoss, salt: 3 }));
    const refused = await promote(false);
    expect(refused.kind).toBe('would-lose');
    expect(refused).toMatchObject({ detail: expect.stringContaining('only eu has') as unknown });
    await world.pass(3_000);
    const done = await promote(true);
    expect(done).toMatchObject({ kind: 'done', losses: expect.stringContaining('region us') as unknown });
    await world.until(write(us, 'b'));
  });

  test('goes on in its epoch after a restart', async () => {
    const { world, members } = await foundWorld({ goal: 'region' });
    const [eu, us, ap] = members as [HomesMember, HomesMember, HomesMember];
    await world.pass(3_000);
    await world.until(write(eu, 'a'));
    eu.crash();
    await world.pass(500);
    await eu.start();
    eu.follow(() => [us, ap]);
    await world.pass(2_000);
    expect(eu.shard.isHome).toBe(true);
    await world.until(write(eu, 'b'));
    expect(eu.shard.status.epoch).toBe(1);
  });

  test('takes nobody as a voter who is no member', async () => {
    const { world, members } = await foundWorld({ goal: 'region' });
    const [eu, us, ap] = members as [HomesMember, HomesMember, HomesMember];
    await world.pass(3_000);
    expect(
      await world.until(us.homes.command(SHARD, { kind: 'remove-voter', region: ap.region })),
    ).toMatchObject({ kind: 'done' });
    await world.pass(1_000);
    const add = (member: string) =>
      us.homes.command(SHARD, {
        kind: 'add-voter',
        voter: { region: ap.region, member, incarnation: 'new' },
      });
    expect(await world.until(add('removed'))).toMatchObject({ detail: expect.stringMatching(/no member/) });
    expect(eu.shard.status.voters.map(({ region }) => region)).toEqual(['eu', 'us']);
    expect(await world.until(add('m'))).toMatchObject({ kind: 'done' });
  });
});
