import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits, type RegionName } from '../../base/mod.ts';
import { TransportError } from './errors.ts';
import { encodeLogMessage, messageIdOf } from './messages.ts';
import { Subjects } from './subjects.ts';
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

/** What holds for logs on every carrier. */
export function describeLogs(name: string, makeWorld: () => Promise<TransportWorld>): void {
  describe(`logs ${name}`, () => {
    let world: TransportWorld;
    let home: RegionName;
    let away: RegionName;
    let publishing: Transport;
    let following: Transport;

    beforeEach(async () => {
      world = await makeWorld();
      home = world.regions[0]!;
      away = world.regions.at(-1)!;
      publishing = (await world.connect(home, 'one')).transport;
      following = (await world.connect(away, 'two')).transport;
    });

    afterEach(() => world.close());

    const open = (term = termIn(home), retention = RETENTION) =>
      world.until(publishing.openLog(term, retention));

    it('brings a log to whoever follows it, in order, from the first frame on', async () => {
      const { publisher, tail } = await open();
      expect(tail).toBeUndefined();
      const follower = following.followLog({ term: termIn(home), after: 0 });
      const outcomes = [publisher.publish(batchOf(1)), publisher.publish(batchOf(2, 3))];
      expect(await world.until(Promise.all(outcomes))).toEqual([
        { kind: 'stored', sequence: 1 },
        { kind: 'stored', sequence: 2 },
      ]);
      const events = await world.until(take(follower, 2));
      expect(textsOf(events)).toEqual(['1', '2-4']);
      const last = events[1]!;
      expect(last.kind === 'message' && last.message).toMatchObject({ log: 'main', epoch: 8 });
      expect(last.kind === 'message' && last.message.frames.map((frame) => Buffer.from(frame))).toEqual(
        batchOf(2, 3).frames,
      );
    });

    it('keeps the order of many messages on their way at once', async () => {
      const { publisher } = await open();
      const follower = following.followLog({ term: termIn(home), after: 0 });
      const count = 3 * limits.publishWindowMessagesMax;
      const outcomes = Array.from({ length: count }, (_, index) => publisher.publish(batchOf(index + 1)));
      expect(await world.until(Promise.all(outcomes))).toEqual(
        outcomes.map((_, index) => ({ kind: 'stored', sequence: index + 1 })),
      );
      const texts = textsOf(await world.until(take(follower, count)));
      expect(texts).toEqual(outcomes.map((_, index) => `${index + 1}`));
    });

    it('carries frames of the largest size, and refuses larger messages by their sizes', async () => {
      const { publisher } = await open();
      const follower = following.followLog({ term: termIn(home), after: 0 });
      await world.until(publisher.publish(batchOf(1, 1, limits.frameBytesMax)));
      const [event] = await world.until(take(follower, 1));
      expect(event?.kind === 'message' && event.message.frames[0]!.length).toBe(limits.frameBytesMax);
      const tooLarge = publisher.publish(batchOf(2, 2, limits.frameBytesMax));
      await expect(tooLarge).rejects.toThrow(/8\d{6} bytes, and a message holds 7900000/);
    });

    it('shows its home what the stream ends with, and goes on from there', async () => {
      const first = await open();
      await world.until(first.publisher.publish(batchOf(1, 2)));
      first.publisher.close();
      const second = await open();
      expect(second.tail).toMatchObject({ firstSequence: 1, lastSequence: 2, epoch: 8 });
      expect(await world.until(second.publisher.publish(batchOf(3)))).toEqual({
        kind: 'stored',
        sequence: 2,
      });
    });

    it('takes what was published already for its own, when the same home publishes it again', async () => {
      const first = await open();
      const second = await open();
      await world.until(first.publisher.publish(batchOf(1)));
      expect(await world.until(second.publisher.publish(batchOf(1)))).toEqual({
        kind: 'stored',
        sequence: 1,
      });
      expect(await world.until(second.publisher.publish(batchOf(2)))).toEqual({
        kind: 'stored',
        sequence: 2,
      });
    });

    it('ends a publisher when somebody else has published, and stores nothing of it after that', async () => {
      const first = await open();
      const second = await open();
      await world.until(first.publisher.publish(batchOf(1)));
      const others = [1, 2, 3].map((sequence) => second.publisher.publish(batchOf(sequence, 1, 50)));
      const outcomes = await world.until(Promise.all(others));
      expect(outcomes.map((outcome) => outcome.kind === 'ended' && outcome.end.kind)).toEqual(
        Array(3).fill('fenced'),
      );
      expect(await second.publisher.ended).toMatchObject({ kind: 'fenced' });
      expect(await second.publisher.publish(batchOf(2))).toMatchObject({ kind: 'ended' });
      await world.until(first.publisher.publish(batchOf(2)));
      const events = await world.until(take(following.followLog({ term: termIn(home), after: 0 }), 2));
      expect(events.map((event) => event.kind === 'message' && event.message.frames[0]!.length)).toEqual([
        40, 40,
      ]);
    });

    it('fences a publisher in the middle of what it has on its way', async () => {
      const first = await open();
      await world.until(first.publisher.publish(batchOf(1)));
      const second = await open();
      // Both are beyond their first message, so that theirs go out many at a time.
      await world.until(first.publisher.publish(batchOf(2)));
      const streak = Array.from({ length: 50 }, (_, index) => first.publisher.publish(batchOf(index + 3)));
      const intruder = second.publisher.publish(batchOf(2, 1, 60));
      const outcomes = await world.until(Promise.all([...streak, intruder]));
      const ended = outcomes.filter(({ kind }) => kind === 'ended').length;
      expect([1, 50]).toContain(ended);
      const stored = outcomes.length - ended;
      const events = await world.until(
        take(following.followLog({ term: termIn(home), after: 0 }), stored + 2),
      );
      const lengths = new Set(
        events.slice(2).map((event) => event.kind === 'message' && event.message.frames[0]!.length),
      );
      expect(lengths.size).toBe(1);
    });

    it('finds the place of a follower by its frames, with and without a hint, and with a wrong one', async () => {
      const { publisher } = await open();
      const outcomes = Array.from({ length: 40 }, (_, index) => publisher.publish(batchOf(index * 3 + 1, 3)));
      await world.until(Promise.all(outcomes));
      for (const [after, streamSequence] of [
        [60, 20],
        [60, undefined],
        [60, 7],
        [60, 1000],
        [3, 1],
        [117, undefined],
      ] as const) {
        const follower = following.followLog({
          term: termIn(home),
          after,
          ...(streamSequence === undefined ? {} : { streamSequence }),
        });
        const texts = textsOf(await world.until(take(follower, 1)));
        expect(texts, `after ${after}, hint ${streamSequence}`).toEqual([`${after + 1}-${after + 3}`]);
      }
      // In the middle of a message: it comes whole, and whoever follows leaves out what it has.
      const follower = following.followLog({ term: termIn(home), after: 62 });
      expect(textsOf(await world.until(take(follower, 1)))).toEqual(['61-63']);
    });

    it('waits at the end of a stream for what comes next', async () => {
      const { publisher } = await open();
      await world.until(publisher.publish(batchOf(1)));
      const follower = following.followLog({ term: termIn(home), after: 1 });
      const taken = take(follower, 1);
      await world.pass(1_000);
      expect(follower.problem).toBeUndefined();
      await world.until(publisher.publish(batchOf(2)));
      expect(textsOf(await world.until(taken))).toEqual(['2']);
    });

    it('tells which frames the stream does not have any more', async () => {
      const retention = { ...RETENTION, bytesMax: 50_000 };
      const { publisher } = await open(termIn(home), retention);
      const outcomes = Array.from({ length: 10 }, (_, index) =>
        publisher.publish(batchOf(index + 1, 1, 10_000)),
      );
      await world.until(Promise.all(outcomes));
      const events = await world.until(take(following.followLog({ term: termIn(home), after: 2 }), 3));
      const [gap, next] = textsOf(events);
      const first = Number(next);
      expect(first).toBeGreaterThan(3);
      expect(gap).toBe(`gap 3-${first - 1}`);
    });

    it('ends when its home says that the epoch is over, also for those who come later', async () => {
      const { publisher } = await open();
      const early = following.followLog({ term: termIn(home), after: 0 });
      const earlyEvents = take(early, 9);
      await world.until(publisher.publish(batchOf(1)));
      const end = { nextEpoch: 17, nextRegion: away };
      await world.until(publisher.publish({ ...batchOf(1), frames: [], end }));
      expect(textsOf(await world.until(earlyEvents))).toEqual(['1', '1']);
      expect(await world.until(early.ended)).toEqual({ kind: 'epoch-over', end });
      const late = following.followLog({ term: termIn(home), after: 1 });
      await world.until(take(late, 9));
      expect(await world.until(late.ended)).toEqual({ kind: 'epoch-over', end });
    });

    it('says that a stream is not there, and that it is not there any more', async () => {
      const early = following.followLog({ term: termIn(home), after: 0 });
      await world.until(take(early, 1));
      expect(await world.until(early.ended)).toMatchObject({ kind: 'stream-gone' });
      const { publisher } = await open();
      await world.until(publisher.publish(batchOf(1)));
      const follower = following.followLog({ term: termIn(home), after: 0 });
      const events = take(follower, 2);
      await world.pass(500);
      await world.until(publishing.removeLog(termIn(home)));
      expect(textsOf(await world.until(events))).toEqual(['1']);
      expect(await world.until(follower.ended)).toMatchObject({ kind: 'stream-gone' });
      expect(await world.until(publisher.publish(batchOf(2)))).toMatchObject({
        kind: 'ended',
        end: { kind: 'stream-gone' },
      });
    });

    it('refuses messages of a newer version by name', async () => {
      const { publisher } = await open();
      await world.until(publisher.publish(batchOf(1)));
      const { carrier } = await world.connect(home, 'newer');
      const payload = encodeLogMessage('main', 8, batchOf(2));
      payload[1] = 99;
      const subjects = new Subjects();
      await world.until(
        carrier.streams(home).store({
          stream: subjects.stream(termIn(home)),
          subject: subjects.log(termIn(home)),
          payload,
          id: messageIdOf(payload),
          expectedLastSequence: 1,
          timeoutMs: 5_000,
        }),
      );
      const follower = following.followLog({ term: termIn(home), after: 0 });
      expect(textsOf(await world.until(take(follower, 2)))).toEqual(['1']);
      const end = await world.until(follower.ended);
      expect(end.kind).toBe('unsupported');
      expect('detail' in end && end.detail).toMatch(/version 99.*versions up to 1: update this member/);
    });

    it('keeps logs and epochs apart, whatever they are called', async () => {
      const terms = [
        termIn(home, 'a.b *>'),
        termIn(home, 'a_b'),
        termIn(home, 'a_b', 16),
        termIn(home, 'ä%'),
      ];
      for (const [index, term] of terms.entries()) {
        const { publisher } = await open(term);
        await world.until(publisher.publish(batchOf(index + 1)));
      }
      for (const [index, term] of terms.entries()) {
        const follower = following.followLog({ term, after: index });
        expect(textsOf(await world.until(take(follower, 1)))).toEqual([`${index + 1}`]);
      }
    });

    it('goes on after its server was started anew, without losing, doubling or reordering anything', async () => {
      const { publisher } = await open();
      const follower = following.followLog({ term: termIn(home), after: 0 });
      const events = take(follower, 60);
      const outcomes = [];
      for (let sequence = 1; sequence <= 60; sequence++) {
        outcomes.push(publisher.publish(batchOf(sequence)));
        if (sequence === 20) await world.until(outcomes.at(-1)!);
        if (sequence === 30) await world.stopServer(home);
        if (sequence === 45) await world.startServer(home);
      }
      const kinds = (await world.until(Promise.all(outcomes))).map(({ kind }) => kind);
      expect(new Set(kinds)).toEqual(new Set(['stored']));
      expect(textsOf(await world.until(events))).toEqual(outcomes.map((_, index) => `${index + 1}`));
    });

    it('takes no more than it can hold while its server is away, and says when there is room', async () => {
      const { publisher } = await open();
      await world.until(publisher.publish(batchOf(1)));
      await world.stopServer(home);
      const outcomes = [];
      for (let sequence = 2; publisher.hasRoom(); sequence++) {
        outcomes.push(publisher.publish(batchOf(sequence, 1, 1_000_000)));
      }
      expect(outcomes.length).toBeLessThanOrEqual(Math.ceil(limits.publishQueueBytesMax / 1_000_000) + 1);
      expect(await publisher.publish(batchOf(outcomes.length + 2))).toEqual({ kind: 'busy' });
      await world.startServer(home);
      await world.until(publisher.room());
      await world.until(Promise.all(outcomes));
      expect(publisher.pending).toBe(0);
    });

    it('is published and followed again after all of it was lost', async () => {
      const first = await open();
      const follower = following.followLog({ term: termIn(home), after: 0 });
      const read = readerOf(follower);
      await world.until(first.publisher.publish(batchOf(1, 2)));
      expect(textsOf(await world.until(read(1)))).toEqual(['1-2']);
      await world.wipe(home);
      expect(await world.until(first.publisher.publish(batchOf(3)))).toMatchObject({
        kind: 'ended',
        end: { kind: 'stream-gone' },
      });
      const second = await open();
      expect(second.tail).toBeUndefined();
      await world.until(second.publisher.publish(batchOf(1, 2)));
      await world.until(second.publisher.publish(batchOf(3)));
      // Depending on when it looked, the follower saw that the stream was away, or goes on in the new one.
      const events = await world.until(read(1));
      const rest =
        events.length > 0
          ? events
          : await world.until(take(following.followLog({ term: termIn(home), after: 2 }), 1));
      expect(textsOf(rest)).toEqual(['3']);
    });

    it('lets the server wait while nobody takes what came', async () => {
      const { publisher } = await open();
      const follower = following.followLog({ term: termIn(home), after: 0 });
      const bytes = 1_000_000;
      const count = 60;
      for (let sequence = 1; sequence <= count; sequence++) {
        if (!publisher.hasRoom()) await world.until(publisher.room());
        void publisher.publish(batchOf(sequence, 1, bytes));
      }
      await world.until(publisher.room());
      await world.until(publisher.publish(batchOf(count + 1)));
      await world.pass(1_000);
      // What the server sends ahead comes on top: JetStream's flow control allows 32 MiB.
      expect(follower.heldBytes).toBeLessThan(limits.followQueueBytesMax + 34 * 1024 * 1024);
      expect(follower.heldBytes).toBeGreaterThan(bytes);
      const texts = textsOf(await world.until(take(follower, count + 1)));
      expect(texts).toEqual(Array.from({ length: count + 1 }, (_, index) => `${index + 1}`));
    });

    it('says that it is closed to whoever waits, and to whoever comes', async () => {
      const { publisher } = await open();
      await world.until(publisher.publish(batchOf(1)));
      await world.stopServer(home);
      const follower = following.followLog({ term: termIn(home), after: 1 });
      const outcome = publisher.publish(batchOf(2));
      await publishing.close();
      await following.close();
      expect(await outcome).toMatchObject({ kind: 'unknown' });
      expect(await follower.ended).toEqual({ kind: 'stopped' });
      expect(await publisher.publish(batchOf(3))).toMatchObject({ kind: 'ended', end: { kind: 'closed' } });
      await expect(publishing.openLog(termIn(home), RETENTION)).rejects.toBeInstanceOf(TransportError);
    });
  });
}
