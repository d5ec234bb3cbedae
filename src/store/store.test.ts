import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type LogicalCluster, type ShardName, systemClock, systemRandom } from '../base/mod.ts';
import {
  MemoryKeyValue,
  type ObjectKey,
  openLevelKeyValue,
  PROJECTION_TABLES,
  replayLog,
  Store,
} from './mod.ts';

const key = (name: string): ObjectKey => ({
  cluster: 'root' as LogicalCluster,
  group: '',
  resource: 'configmaps',
  identity: '',
  namespace: 'default',
  name,
});
const row = (text: string) => ({
  uid: 'u',
  definitionHash: 'h',
  json: Buffer.from(text),
  metadataOffset: 0,
  isAnnotated: false,
  labels: { a: 'b' },
  fields: {},
  owners: [],
});
describe.each(['memory', 'level'])('smoke %s', (kind) => {
  it('writes, reads back, replays', async () => {
    const kv =
      kind === 'memory'
        ? new MemoryKeyValue()
        : await openLevelKeyValue(await mkdtemp(join(tmpdir(), 'ap-')));
    const store = await Store.open({
      keyValue: kv,
      shard: 'main' as ShardName,
      clock: systemClock,
      random: systemRandom,
    });
    const made = await store.commit({
      mutations: [{ key: key('a'), expected: 0, row: row('1') }],
      actor: 't',
      originRegion: 'l',
    });
    await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        store.commit({
          mutations: [{ key: key(`n${i}`), expected: 0, row: row('x') }],
          actor: 't',
          originRegion: 'l',
        }),
      ),
    );
    await store.commit({
      mutations: [{ key: key('a'), expected: made.revisions[0]!, row: row('2') }],
      actor: 't',
      originRegion: 'l',
    });
    await store.commit({ mutations: [{ key: key('n5') }], actor: 't', originRegion: 'l' });
    const snap = store.snapshot();
    let n = 0;
    for await (const b of snap.list({ collection: key('') })) n += b.length;
    expect(n).toBe(300);
    let old = 0;
    for await (const b of snap.listAt({ collection: key('') }, made.revision)) old += b.length;
    expect(old).toBe(1);
    let ev = 0;
    for await (const b of snap.history(key(''), { after: 0, upTo: snap.revision })) ev += b.length;
    expect(ev).toBe(303);
    expect((await snap.getAt(key('a'), made.revision))?.json.toString()).toBe('1');
    snap.close();
    const copy = new MemoryKeyValue();
    await replayLog(kv, copy);
    const dump = async (s: typeof copy | typeof kv) => {
      const out: string[] = [];
      for (const r of PROJECTION_TABLES)
        for await (const es of s.iterate(r))
          for (const [k, v] of es) out.push(k.toString('hex') + '=' + v.toString('hex'));
      return out;
    };
    expect(await dump(copy)).toEqual(await dump(kv));
    await store.close();
  });
});
