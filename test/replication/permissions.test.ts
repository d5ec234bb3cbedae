import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type RegionName, systemClock, systemRandom } from '../../src/base/mod.ts';
import { connectCarrier } from '../../src/replication/transport/jetstream/connect.ts';
import type { NatsCarrier } from '../../src/replication/transport/jetstream/nats-carrier.ts';
import { encodeLogMessage } from '../../src/replication/transport/messages.ts';
import { Subjects } from '../../src/replication/transport/mod.ts';
import { batchOf, RETENTION, termIn } from '../../src/replication/transport/transport-world.suite.ts';
import { describeWithNats } from '../support/nats-server.ts';
import { startTwoRegions } from './leaf-world.ts';
import type { NatsWorld } from './nats-worlds.ts';

// Servers are started for each test, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const EU = 'eu' as RegionName;
const US = 'us' as RegionName;
const subjects = new Subjects();

describeWithNats('the permissions of a region', () => {
  let world: NatsWorld;
  let carrier: NatsCarrier;
  const problems: string[] = [];

  beforeAll(async () => {
    world = await startTwoRegions();
    const { transport } = await world.connect(EU, 'one');
    const { publisher } = await transport.openLog(termIn(EU), RETENTION);
    await publisher.publish(batchOf(1));
    // A member of us that does not keep to the rules.
    carrier = await connectCarrier({
      servers: [world.server(US).url],
      credentials: { kind: 'password', user: 'us', password: 'secret' },
      self: { region: US, member: 'rogue' },
      subjects,
      clock: systemClock,
      random: systemRandom,
    });
    carrier.onStatus((status) => status.kind === 'problem' && problems.push(status.detail));
  });

  afterAll(async () => {
    await carrier?.close();
    await world?.close();
  });

  it('let it read other regions’ logs', async () => {
    const state = await carrier.streams(EU).state(subjects.stream(termIn(EU)));
    expect(state).toMatchObject({ kind: 'done', value: { lastSequence: 1 } });
    const message = await carrier.streams(EU).read(subjects.stream(termIn(EU)), 1);
    expect(message).toMatchObject({ kind: 'done' });
  });

  it('do not let it publish to them', async () => {
    const outcome = await carrier.streams(EU).store({
      stream: subjects.stream(termIn(EU)),
      subject: subjects.log(termIn(EU)),
      payload: encodeLogMessage('main', 8, batchOf(2)),
      id: 'forged',
      expectedLastSequence: 1,
      timeoutMs: 2_000,
    });
    expect(outcome.kind).toBe('denied');
    const state = await carrier.streams(EU).state(subjects.stream(termIn(EU)));
    expect(state).toMatchObject({ kind: 'done', value: { lastSequence: 1 } });
  });

  it('do not let it make, change or remove streams elsewhere', async () => {
    const { replicas, ...bounds } = RETENTION;
    const name = subjects.stream(termIn(EU, 'forged'));
    const settings = { name, subject: `${subjects.prefix}.log.us.forged.8`, replicas, ...bounds };
    const made = await carrier.streams(EU).open({ ...settings, duplicateWindowMs: 60_000 });
    expect(made.kind).toBe('denied');
    const removed = await carrier.streams(EU).remove(subjects.stream(termIn(EU)));
    expect(removed.kind).toBe('denied');
    const state = await carrier.streams(EU).state(subjects.stream(termIn(EU)));
    expect(state.kind).toBe('done');
  });

  it('do not let it hear what is meant for others, or speak for them', async () => {
    const heard: string[] = [];
    for (const subject of [
      `${subjects.prefix}.ask.eu.>`,
      `${subjects.prefix}.any.eu.*`,
      `${subjects.prefix}.reply.eu.>`,
      '>',
    ]) {
      carrier.subscribe({ subject }, (message) => heard.push(message.subject));
    }
    const { transport } = await world.connect(EU, 'two');
    const beats: string[] = [];
    transport.hearHeartbeats(undefined, ({ beat }) => beats.push(beat.region));
    transport.serve({ topic: 'greet', answer: async ({ body }) => body });
    carrier.publish(subjects.beat(EU, 'main'), Buffer.from('forged'));
    await world.pass(500);
    const to = { region: EU, member: 'two' };
    await transport.ask({ to, topic: 'greet', body: Buffer.from('secret'), timeoutMs: 2_000 });
    await world.pass(500);
    expect(heard).toEqual([]);
    expect(beats).toEqual([]);
    const violations = problems.filter((problem) => /permissions violation/i.test(problem));
    expect(violations.length).toBeGreaterThanOrEqual(5);
  });
});
