import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits, type RegionName } from '../../base/mod.ts';
import { type AskOutcome, collect } from './asking.ts';
import type { Carrier } from './carrier.ts';
import { TransportError } from './errors.ts';
import { decodeAnswer, encodeHeartbeat, encodeQuestion } from './messages.ts';
import { QuestionRefused } from './serving.ts';
import { Subjects } from './subjects.ts';
import type { Transport } from './transport.ts';
import type { TransportWorld } from './transport-world.suite.ts';

/** What holds for questions, answers and heartbeats on every carrier. */
export function describeAsks(name: string, makeWorld: () => Promise<TransportWorld>): void {
  describe(`questions and heartbeats ${name}`, () => {
    let world: TransportWorld;
    let home: RegionName;
    let away: RegionName;
    let answering: Transport;
    let asking: Transport;
    let askingCarrier: Carrier;
    let answeringCarrier: Carrier;

    beforeEach(async () => {
      world = await makeWorld();
      home = world.regions[0]!;
      away = world.regions.at(-1)!;
      ({ transport: answering, carrier: answeringCarrier } = await world.connect(home, 'the one'));
      ({ transport: asking, carrier: askingCarrier } = await world.connect(away, 'two.three'));
    });

    afterEach(() => world.close());

    const ask = (
      topic: string,
      options: { readonly text?: string; readonly timeoutMs?: number; readonly member?: string } = {},
    ): Promise<AskOutcome> => {
      const { text = 'hello', timeoutMs = 5_000, member = 'the one' } = options;
      return asking.ask({ to: { region: home, member }, topic, body: Buffer.from(text), timeoutMs });
    };
    // A member that has just begun to answer is known everywhere a moment later.
    const serve = async (options: Parameters<Transport['serve']>[0]) => {
      const stop = answering.serve(options);
      await world.settle();
      return stop;
    };
    const waitFor = async (condition: () => boolean) => {
      for (let waits = 0; !condition() && waits < 200; waits++) await world.pass(50);
      expect(condition()).toBe(true);
    };
    const textOf = async (outcome: AskOutcome) => {
      if (outcome.kind !== 'answered') return `${outcome.kind}`;
      return Buffer.from(await world.until(collect(outcome.parts, 100))).toString();
    };

    it('brings a question to one member, and its answer back', async () => {
      await serve({
        topic: 'greet',
        answer: async ({ from, body }) => Buffer.from(`${from.region} ${from.member} ${Buffer.from(body)}`),
      });
      const outcome = await world.until(ask('greet'));
      expect(outcome).toMatchObject({ kind: 'answered', from: { region: home, member: 'the one' } });
      expect(await textOf(outcome)).toBe(`${away} two.three hello`);
    });

    it('brings a question to one of the members of a region that answer such', async () => {
      const { transport: other } = await world.connect(home, 'other');
      const asked: string[] = [];
      const answerAs = (member: string) => async () => {
        asked.push(member);
        return Buffer.from(member);
      };
      await serve({ topic: 'any', isForRegion: true, answer: answerAs('the one') });
      other.serve({ topic: 'any', isForRegion: true, answer: answerAs('other') });
      await world.settle();
      const outcome = await world.until(
        asking.ask({ to: { region: home }, topic: 'any', body: new Uint8Array(0), timeoutMs: 5_000 }),
      );
      expect(asked).toHaveLength(1);
      expect(await textOf(outcome)).toBe(asked[0]);
      expect(outcome.kind === 'answered' && outcome.from.member).toBe(asked[0]);
    });

    it('knows that nobody answers from not knowing whether somebody did', async () => {
      expect(await world.until(ask('nothing'))).toMatchObject({ kind: 'no-responders' });
      expect(await world.until(ask('nothing', { member: 'nobody' }))).toMatchObject({
        kind: 'no-responders',
      });
      let aborted = false;
      const stop = await serve({
        topic: 'slow',
        answer: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              aborted = true;
              reject(new Error('too late'));
            });
          }),
      });
      expect(await world.until(ask('slow', { timeoutMs: 300 }))).toMatchObject({ kind: 'unknown' });
      await waitFor(() => aborted);
      stop();
      await world.settle();
      expect(await world.until(ask('slow'))).toMatchObject({ kind: 'no-responders' });
    });

    it('tells why a question was not answered', async () => {
      await serve({
        topic: 'refuse',
        answer: async () => {
          throw new QuestionRefused('epoch 16 was promised');
        },
      });
      await serve({
        topic: 'fail',
        answer: async () => {
          throw new Error('the disk is full');
        },
      });
      const refused = await world.until(ask('refuse'));
      expect(refused).toMatchObject({ kind: 'refused', status: 'refused' });
      expect('detail' in refused && refused.detail).toBe(`${home}/the one: epoch 16 was promised`);
      expect(await world.until(ask('fail'))).toMatchObject({ kind: 'refused', status: 'failed' });
    });

    it('answers so many at once, and tells others to come back', async () => {
      const release: (() => void)[] = [];
      await serve({
        topic: 'busy',
        atOnceMax: 2,
        answer: () => new Promise((resolve) => release.push(() => resolve(new Uint8Array(1)))),
      });
      const first = [ask('busy', { timeoutMs: 20_000 }), ask('busy', { timeoutMs: 20_000 })];
      await waitFor(() => release.length === 2);
      expect(await world.until(ask('busy'))).toMatchObject({ kind: 'refused', status: 'busy' });
      for (const go of release) go();
      expect((await world.until(Promise.all(first))).map(({ kind }) => kind)).toEqual([
        'answered',
        'answered',
      ]);
    });

    it('refuses questions that fit in no message, and versions that it does not know', async () => {
      const body = new Uint8Array(limits.transportMessageBytesMax);
      const tooLarge = asking.ask({ to: { region: home }, topic: 'large', body, timeoutMs: 1_000 });
      await expect(tooLarge).rejects.toThrow(/a question on large has 79\d+ bytes/);
      await serve({ topic: 'new', answer: async ({ body }) => body });
      const question = encodeQuestion({ from: asking.self, timeoutMs: 5_000, body: new Uint8Array(1) });
      question[1] = 99;
      const subject = new Subjects().question(answering.self, 'new');
      const outcome = await world.until(askingCarrier.request(subject, question, { timeoutMs: 5_000 }));
      const answer = decodeAnswer(outcome.kind === 'answered' ? outcome.payload : new Uint8Array(0));
      expect(answer).toMatchObject({ status: 'unsupported' });
      expect(answer.detail).toMatch(/version 99/);
    });

    it('forgets an answer that is ready when the connection has been closed', async () => {
      const releases: (() => void)[] = [];
      let wasAborted = false;
      await serve({
        topic: 'late',
        answer: ({ signal }) =>
          new Promise((resolve) => {
            releases.push(() => {
              wasAborted = signal.aborted;
              resolve(new Uint8Array(1));
            });
          }),
      });
      const outcome = ask('late', { timeoutMs: 3_000 });
      await waitFor(() => releases.length === 1);
      await answering.close();
      releases[0]?.();
      expect(await world.until(outcome)).toMatchObject({ kind: 'unknown' });
      expect(wasAborted).toBe(true);
    });

    it('does not ask for somebody who has gone away', async () => {
      let asked = 0;
      await serve({
        topic: 'wait',
        answer: () => {
          asked++;
          return new Promise(() => {});
        },
      });
      const to = { region: home, member: 'the one' };
      const abort = new AbortController();
      const body = new Uint8Array(0);
      const outcome = asking.ask({ to, topic: 'wait', body, timeoutMs: 60_000, signal: abort.signal });
      await waitFor(() => asked === 1);
      abort.abort();
      expect(await outcome).toMatchObject({ kind: 'unknown' });
      const late = asking.ask({ to, topic: 'wait', body, timeoutMs: 60_000, signal: abort.signal });
      expect(await late).toMatchObject({ kind: 'no-responders' });
      expect(asked).toBe(1);
    });

    it('brings a large answer in parts, no faster than it is taken', async () => {
      const pieces = 40;
      const pieceBytes = 700_000;
      let made = 0;
      let given = 0;
      async function* large(): AsyncIterable<Uint8Array> {
        for (; made < pieces; made++) {
          given = made + 1;
          yield Buffer.alloc(pieceBytes, made);
        }
      }
      await serve({ topic: 'large', answer: async () => large() });
      const outcome = await world.until(ask('large'));
      if (outcome.kind !== 'answered') throw new Error(outcome.kind);
      const parts = outcome.parts[Symbol.asyncIterator]();
      let taken = 0;
      for (let part = await world.until(parts.next()); part.done !== true; ) {
        expect(part.value).toHaveLength(pieceBytes);
        expect(part.value[0]).toBe(taken);
        taken++;
        if (taken === 5) await world.pass(500);
        expect(given - taken).toBeLessThanOrEqual(limits.answerPartsWindow + 1);
        part = await world.until(parts.next());
      }
      expect(taken).toBe(pieces);
    });

    it('cuts pieces into parts, and puts an answer in one piece that fits in no message into parts', async () => {
      const body = Buffer.alloc(9_000_000, 'abcdefg');
      await serve({ topic: 'piece', answer: async () => body });
      const outcome = await world.until(ask('piece'));
      if (outcome.kind !== 'answered') throw new Error(outcome.kind);
      const received = await world.until(collect(outcome.parts, body.length));
      expect(Buffer.compare(received, body)).toBe(0);
      const again = await world.until(ask('piece'));
      if (again.kind !== 'answered') throw new Error(again.kind);
      const bounded = world.until(collect(again.parts, body.length - 1));
      await expect(bounded).rejects.toMatchObject({ code: 'too-large' });
    });

    it('stops making an answer that nobody takes any more, and tells of one that fails in the middle', async () => {
      const over: string[] = [];
      async function* endless(): AsyncIterable<Uint8Array> {
        try {
          while (true) yield Buffer.from('part');
        } finally {
          over.push('endless');
        }
      }
      await serve({ topic: 'endless', answer: async () => endless() });
      const outcome = await world.until(ask('endless'));
      if (outcome.kind !== 'answered') throw new Error(outcome.kind);
      const iterator = outcome.parts[Symbol.asyncIterator]();
      await world.until(iterator.next());
      await world.until(Promise.resolve(iterator.return?.()));
      await waitFor(() => over.length > 0);
      expect(over).toEqual(['endless']);

      async function* failing(): AsyncIterable<Uint8Array> {
        yield Buffer.from('good');
        throw new Error('it went bad');
      }
      await serve({ topic: 'failing', answer: async () => failing() });
      const second = await world.until(ask('failing'));
      if (second.kind !== 'answered') throw new Error(second.kind);
      const failed = world.until(collect(second.parts, 100));
      await expect(failed).rejects.toThrow('it went bad');
      await expect(failed).rejects.toBeInstanceOf(TransportError);
    });

    it('goes on with an answer in parts after the server was started anew', async () => {
      async function* numbered(): AsyncIterable<Uint8Array> {
        for (let number = 0; number < 60; number++) yield Buffer.from(`${number};`);
      }
      await serve({ topic: 'numbered', answer: async () => numbered() });
      const outcome = await world.until(ask('numbered'));
      if (outcome.kind !== 'answered') throw new Error(outcome.kind);
      const iterator = outcome.parts[Symbol.asyncIterator]();
      let text = `${Buffer.from((await world.until(iterator.next())).value)}`;
      await world.stopServer(home);
      await world.startServer(home);
      for (let part = await world.until(iterator.next()); part.done !== true; ) {
        text += Buffer.from(part.value);
        part = await world.until(iterator.next());
      }
      expect(text).toBe(Array.from({ length: 60 }, (_, number) => `${number};`).join(''));
    });

    it('says every second how far a log is, to all who listen', async () => {
      const heard: string[] = [];
      const times: number[] = [];
      let others = 0;
      asking.hearHeartbeats('main', ({ beat, atMs }) => {
        heard.push(`${beat.region} ${beat.member} ${beat.epoch} ${beat.sequence} ${beat.revision}`);
        times.push(atMs);
      });
      asking.hearHeartbeats('other', () => others++);
      await world.settle();
      let sequence = 0;
      const stop = answering.startHeartbeats('main', () =>
        ++sequence === 2
          ? undefined
          : { epoch: 8, sequence, hash: new Uint8Array(32), revision: sequence * 10 },
      );
      await waitFor(() => heard.length === 3);
      stop();
      await world.pass(2_000);
      expect(heard.slice(0, 3)).toEqual(
        [1, 3, 4].map((number) => `${home} the one 8 ${number} ${number * 10}`),
      );
      expect(heard.length).toBeLessThanOrEqual(4);
      if (world.isVirtual) expect(times[2]! - times[1]!).toBe(limits.heartbeatMs);
      expect(others).toBe(0);
    });

    it('hears no heartbeat that somebody says for another region', async () => {
      const heard: string[] = [];
      const problems: string[] = [];
      asking.onStatus((status) => status.kind === 'problem' && problems.push(status.detail));
      asking.hearHeartbeats(undefined, ({ beat }) => heard.push(beat.region));
      await world.settle();
      const beat = {
        log: 'main',
        epoch: 8,
        member: 'x',
        sequence: 1,
        hash: new Uint8Array(32),
        revision: 1,
        timeMs: 1,
      };
      const subject = new Subjects().beat(home, 'main');
      answeringCarrier.publish(subject, encodeHeartbeat({ ...beat, region: 'elsewhere' as RegionName }));
      answeringCarrier.publish(subject, Buffer.from('noise'));
      answeringCarrier.publish(subject, encodeHeartbeat({ ...beat, region: home }));
      await waitFor(() => heard.length > 0);
      expect(heard).toEqual([home]);
      expect(problems).toHaveLength(2);
    });
  });
}
