import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RegionName, VirtualClock } from '../../src/base/mod.ts';
import type { Carrier, StreamFailure, Streams } from '../../src/replication/transport/carrier.ts';
import { MemoryPlanet } from '../../src/replication/transport/memory/memory-planet.ts';
import type { CheckOrder } from '../../src/replication/transport/memory/memory-stream.ts';
import { describeWithNats } from '../support/nats-server.ts';
import { type NatsWorld, startOneServer } from './nats-worlds.ts';

const EU = 'eu' as RegionName;
const RUNS = Number(process.env['ANTIPODE_TWIN_RUNS'] ?? 40);

interface Store {
  readonly kind: 'store';
  readonly id: number;
  /** Added to what the stream really ends with. */
  readonly sequenceOff: number;
  /** Which id is expected of the last message: none, the right one, or some other. */
  readonly lastId: 'none' | 'right' | 'wrong';
}
type Operation = Store | { readonly kind: 'read'; readonly sequence: number } | { readonly kind: 'state' };

const operations: fc.Arbitrary<readonly Operation[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('store' as const),
        id: fc.integer({ min: 0, max: 12 }),
        sequenceOff: fc.constantFrom(0, 0, 0, 0, 1, -1),
        lastId: fc.constantFrom('none', 'right', 'right', 'wrong'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        sequence: fc.integer({ min: 1, max: 12 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'state' as const }) },
  ),
  { maxLength: 25 },
);

describeWithNats('a stream in memory', () => {
  let world: NatsWorld;
  let real: Streams;
  let carrier: Carrier;
  let order: CheckOrder;

  beforeAll(async () => {
    world = await startOneServer();
    ({ carrier } = await world.connect(EU, 'one'));
    real = carrier.streams(EU);
    order = await orderOf(real);
  });

  afterAll(() => world?.close());

  it('answers as one of JetStream does', async () => {
    let serial = 0;
    await fc.assert(
      fc.asyncProperty(operations, async (list) => {
        const clock = new VirtualClock();
        const planet = new MemoryPlanet({ clock, regions: ['eu'], order });
        const twin = planet.connect({ region: EU, member: 'one' }).streams(EU);
        const name = `twin_${serial++}`;
        const wanted = await trace(real, name, list, (promise) => promise);
        const found = await trace(twin, name, list, (promise) => clock.until(promise));
        await real.remove(name);
        expect(found).toEqual(wanted);
      }),
      { numRuns: RUNS },
    );
  }, 60_000);
});

/** What a server looks at first depends on its version. */
async function orderOf(streams: Streams): Promise<CheckOrder> {
  const again = { kind: 'store', id: 1, lastId: 'none' } as const;
  const list = [0, 1].map((sequenceOff) => ({ ...again, sequenceOff }));
  const answers = await trace(streams, 'twin_order', list, (promise) => promise);
  expect(['duplicate 1', 'refused']).toContain(answers.at(-1));
  return answers.at(-1) === 'refused' ? 'sequence-first' : 'id-first';
}

/** What a stream answers to one operation after the other. */
async function trace(
  streams: Streams,
  name: string,
  list: readonly Operation[],
  until: <Value>(promise: Promise<Value>) => Promise<Value>,
): Promise<readonly unknown[]> {
  const subject = `twin.${name}`;
  const bounds = { ageMsMax: 600_000, bytesMax: 1_000_000, replicas: 1, duplicateWindowMs: 60_000 };
  const answers: unknown[] = [withoutTime(await until(streams.open({ name, subject, ...bounds })))];
  let lastSequence = 0;
  let lastId = '';
  for (const operation of list) {
    if (operation.kind === 'state') answers.push(withoutTime(await until(streams.state(name))));
    else if (operation.kind === 'read') {
      answers.push(withoutTime(await until(streams.read(name, operation.sequence))));
    } else {
      const id = `id-${operation.id}`;
      const expected = operation.lastId === 'right' ? lastId : 'another';
      const outcome = await until(
        streams.store({
          stream: name,
          subject,
          payload: Buffer.from(`payload ${operation.id}`),
          id,
          expectedLastSequence: Math.max(0, lastSequence + operation.sequenceOff),
          ...(operation.lastId === 'none' || expected === '' ? {} : { expectedLastId: expected }),
          timeoutMs: 5_000,
        }),
      );
      if (outcome.kind === 'stored') {
        lastSequence = outcome.sequence;
        lastId = id;
      }
      answers.push('sequence' in outcome ? `${outcome.kind} ${outcome.sequence}` : outcome.kind);
    }
  }
  return answers;
}

function withoutTime(result: StreamFailure | { readonly kind: 'done'; readonly value: object }): unknown {
  if (result.kind !== 'done') return result.kind;
  const { created: _, ...value } = result.value as {
    readonly created?: string;
    readonly payload?: Uint8Array;
  };
  return value.payload === undefined ? value : { ...value, payload: Buffer.from(value.payload).toString() };
}
