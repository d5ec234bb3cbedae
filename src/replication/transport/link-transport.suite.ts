import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RegionName } from '../../base/mod.ts';
import { collect } from './asking.ts';
import type { Transport } from './transport.ts';
import {
  batchOf,
  RETENTION,
  readerOf,
  type TransportWorld,
  take,
  termIn,
  textsOf,
} from './transport-world.suite.ts';

/** What holds between two regions whose link fails. */
export function describeLinks(name: string, makeWorld: () => Promise<TransportWorld>): void {
  describe(`a link that fails ${name}`, () => {
    let world: TransportWorld;
    let home: RegionName;
    let away: RegionName;
    let publishing: Transport;
    let following: Transport;

    beforeEach(async () => {
      world = await makeWorld();
      [home, away] = world.regions as [RegionName, RegionName];
      publishing = (await world.connect(home, 'one')).transport;
      following = (await world.connect(away, 'two')).transport;
    });

    afterEach(() => world.close());

    const within = async (condition: () => boolean, timeoutMs: number) => {
      for (let waitedMs = 0; !condition() && waitedMs < timeoutMs; waitedMs += 100) await world.pass(100);
      return condition();
    };

    it.each(['cut', 'silence'] as const)(
      'brings after a %s all that was published meanwhile, once and in order, within 5 s',
      async (fault) => {
        const { publisher } = await world.until(publishing.openLog(termIn(home), RETENTION));
        const follower = following.followLog({ term: termIn(home), after: 0 });
        const read = readerOf(follower);
        await world.until(publisher.publish(batchOf(1)));
        expect(textsOf(await world.until(read(1)))).toEqual(['1']);
        await world[fault]();
        for (let sequence = 2; sequence <= 40; sequence++) {
          expect(await world.until(publisher.publish(batchOf(sequence)))).toMatchObject({ kind: 'stored' });
        }
        expect(await within(() => follower.problem !== undefined, 20_000)).toBe(true);
        await world.pass(3_000);
        await world.heal();
        const rest = read(39);
        let isThere = false;
        void rest.then(() => {
          isThere = true;
        });
        // The servers' own connection comes back in its time, which is not ours.
        expect(await within(() => isThere, fault === 'cut' ? 5_000 : 15_000)).toBe(true);
        expect(textsOf(await rest)).toEqual(Array.from({ length: 39 }, (_, index) => `${index + 2}`));
        await world.until(publisher.publish(batchOf(41)));
        expect(textsOf(await world.until(read(1)))).toEqual(['41']);
      },
    );

    it('goes on working in each region by itself while it is cut', async () => {
      const { publisher } = await world.until(publishing.openLog(termIn(home), RETENTION));
      await world.cut();
      await world.until(publisher.publish(batchOf(1)));
      const near = publishing.followLog({ term: termIn(home), after: 0 });
      expect(textsOf(await world.until(take(near, 1)))).toEqual(['1']);
      const own = await world.until(following.openLog(termIn(away, 'own'), RETENTION));
      await world.until(own.publisher.publish(batchOf(1)));
      const ownFollower = following.followLog({ term: termIn(away, 'own'), after: 0 });
      expect(textsOf(await world.until(take(ownFollower, 1)))).toEqual(['1']);
    });

    it('tells whoever asks over it that nobody is there, or that nobody knows', async () => {
      publishing.serve({ topic: 'greet', answer: async () => Buffer.from('hello') });
      await world.settle();
      const ask = (timeoutMs: number) =>
        following.ask({
          to: { region: home, member: 'one' },
          topic: 'greet',
          body: new Uint8Array(0),
          timeoutMs,
        });
      const isAnswered = async () => {
        const outcome = await world.until(ask(1_000));
        if (outcome.kind !== 'answered') return false;
        return Buffer.from(await world.until(collect(outcome.parts, 10))).toString() === 'hello';
      };
      expect(await isAnswered()).toBe(true);
      await world.silence();
      expect(await world.until(ask(1_000))).toMatchObject({ kind: 'unknown' });
      await world.heal();
      await world.cut();
      // Servers need a moment to notice.
      let kind = '';
      for (let waits = 0; kind !== 'no-responders' && waits < 50; waits++) {
        await world.pass(100);
        ({ kind } = await world.until(ask(1_000)));
      }
      expect(kind).toBe('no-responders');
      await world.heal();
      let tries = 0;
      while (!(await isAnswered()) && ++tries < 50) await world.pass(100);
      expect(tries).toBeLessThan(50);
    });

    it('brings no heartbeats while it is cut, and again afterwards', async () => {
      const heard: number[] = [];
      following.hearHeartbeats('main', ({ beat }) => heard.push(beat.sequence));
      await world.settle();
      let sequence = 0;
      publishing.startHeartbeats('main', () => ({
        epoch: 8,
        sequence: ++sequence,
        hash: new Uint8Array(32),
        revision: sequence,
      }));
      expect(await within(() => heard.length >= 2, 5_000)).toBe(true);
      await world.cut();
      await world.pass(500);
      const before = heard.length;
      await world.pass(3_000);
      expect(heard.length).toBe(before);
      await world.heal();
      expect(await within(() => heard.length > before + 1, 8_000)).toBe(true);
      expect(heard[before]).toBeGreaterThan(before + 2);
    });
  });
}
