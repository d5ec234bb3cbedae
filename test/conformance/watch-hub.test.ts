import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type Api, PLAIN_JSON, Query, WatchHub, type WatchOutput } from '../../src/api/mod.ts';
import { limits, ROOT_CLUSTER } from '../../src/base/mod.ts';
import { TestClock } from '../../src/store/store-fixtures.suite.ts';
import { configMap } from '../http/client.ts';
import { CRDS, useMember } from './suite.ts';

const fixture = useMember();
let namespace = '';
let configMaps = '';

beforeAll(async () => {
  namespace = await fixture.namespace();
  configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  await fixture.client.create(configMaps, configMap('a'));
});

/** A client that reads nothing, or everything. */
class TestOutput implements WatchOutput {
  text = '';
  isEnded = false;
  failure: Error | undefined;
  readonly #reads: boolean;
  #release: () => void = () => {};
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });
  #stopWaiting: () => void = () => {};

  constructor({ reads }: { readonly reads: boolean }) {
    this.#reads = reads;
  }
  write(bytes: Buffer): boolean {
    if (this.failure !== undefined) throw this.failure;
    this.text += bytes.toString();
    return this.#reads;
  }
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopWaiting = resolve;
    });
  }
  end(): Promise<void> {
    this.isEnded = true;
    this.#stopWaiting();
    return this.#released;
  }
  /** The connection is gone. */
  release(): void {
    this.#release();
  }
}

class Hub {
  readonly clock = new TestClock();
  readonly api: Api = { ...fixture.server.api, clock: this.clock };
  readonly watches = new WatchHub(this.api);

  async open(output: WatchOutput, options: { group?: string; resource?: string; query?: string } = {}) {
    const { group = '', resource = 'configmaps', query = '' } = options;
    const target = await this.api.access.authorize({
      user: { name: 'admin', uid: '', groups: ['system:masters'], extra: {} },
      cluster: ROOT_CLUSTER,
      verb: 'watch',
      group,
      version: 'v1',
      resource,
      subresource: '',
      namespace,
      name: '',
    });
    const context = { signal: new AbortController().signal, userAgent: '', warn: () => {} };
    return this.watches.open({ target, query: Query.parse(query), format: PLAIN_JSON, context })(output);
  }
}

async function eventually(condition: () => boolean): Promise<void> {
  await expect.poll(condition).toBe(true);
}

describe('a watch whose client does not read its initial events', () => {
  test('ends at its deadline, and holds no snapshot then', async () => {
    const hub = new Hub();
    const snapshot = vi.spyOn(hub.api.store, 'snapshot');
    const output = new TestOutput({ reads: false });
    await hub.open(output, { query: 'timeoutSeconds=5' });
    await eventually(() => output.text.includes('ADDED'));
    const closed = vi.spyOn(snapshot.mock.results[0]?.value as { close(): void }, 'close');
    snapshot.mockRestore();
    hub.clock.advance(3000);
    expect(output.isEnded).toBe(false);
    hub.clock.advance(3000);
    expect(output.isEnded).toBe(true);
    await eventually(() => closed.mock.calls.length > 0);
  });

  test('ends when its kind goes', async () => {
    const hub = new Hub();
    const group = `${fixture.name('gone-')}.example.com`;
    await fixture.define({ group, plural: 'things', kind: 'Thing' });
    const object = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' } };
    await fixture.client.create(`/apis/${group}/v1/namespaces/${namespace}/things`, object);
    const output = new TestOutput({ reads: false });
    await hub.open(output, { group, resource: 'things' });
    await eventually(() => output.text.includes('ADDED'));
    await fixture.client.delete(`${CRDS}/things.${group}`);
    await fixture.client.untilGone(`${CRDS}/things.${group}`);
    hub.clock.advance(1000);
    expect(output.isEnded).toBe(true);
  });
});

test('a watch counts until its connection is gone', async () => {
  const hub = new Hub();
  const output = new TestOutput({ reads: true });
  const watch = await hub.open(output);
  expect(hub.watches.size).toBe(1);
  watch.close();
  await Promise.resolve();
  expect(output.isEnded).toBe(true);
  expect(hub.watches.size).toBe(1);
  output.release();
  await eventually(() => hub.watches.size === 0);
});

describe('the tick of all watches', () => {
  const BOOKMARKS = 'allowWatchBookmarks=true&resourceVersion=';

  test('goes on when one of them throws', async () => {
    const hub = new Hub();
    const query = BOOKMARKS + hub.api.store.revision;
    const broken = new TestOutput({ reads: true });
    const sound = new TestOutput({ reads: true });
    await hub.open(broken, { query });
    await hub.open(sound, { query });
    await new Promise((resolve) => setImmediate(resolve));
    broken.failure = new Error('no such connection');
    expect(() => hub.clock.advance(limits.bookmarkIntervalMs)).not.toThrow();
    expect(broken.isEnded).toBe(true);
    expect(sound.isEnded).toBe(false);
    expect(sound.text).toContain('BOOKMARK');
    // The timer still runs.
    hub.clock.advance(limits.watchTimeoutSecondsMax * 1000);
    expect(sound.isEnded).toBe(true);
  });

  test('ends a watch with an ERROR event when its kind cannot be read', async () => {
    const hub = new Hub();
    const group = `${fixture.name('broken-')}.example.com`;
    await fixture.define({ group, plural: 'things', kind: 'Thing' });
    const output = new TestOutput({ reads: true });
    await hub.open(output, { group, resource: 'things', query: `resourceVersion=${hub.api.store.revision}` });
    const find = vi.spyOn(hub.api.registry, 'find').mockImplementation(() => {
      throw new Error('the disk is broken');
    });
    expect(() => hub.clock.advance(1000)).not.toThrow();
    find.mockRestore();
    expect(output.isEnded).toBe(true);
    expect(output.text).toContain('"type":"ERROR"');
    expect(output.text).toContain('"code":500');
  });

  test('looks at a kind once, however many watch it', async () => {
    const hub = new Hub();
    const group = `${fixture.name('many-')}.example.com`;
    await fixture.define({ group, plural: 'things', kind: 'Thing' });
    const outputs = Array.from({ length: 20 }, () => new TestOutput({ reads: true }));
    for (const output of outputs) await hub.open(output, { group, resource: 'things' });
    const find = vi.spyOn(hub.api.registry, 'find');
    hub.clock.advance(1000);
    const calls = find.mock.calls.length;
    find.mockRestore();
    expect(calls).toBe(1);
    expect(outputs.some(({ isEnded }) => isEnded)).toBe(false);
  });
});
