import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/main.ts';
import type { PlanetStatus } from '../../src/cli/operator/planet-status.ts';
import { recordingTerminal } from '../../src/cli/terminal.suite.ts';
import { waitFor } from '../../src/cli/wait.ts';
import { type Member, type MemberLog, type PlanetOptions, startMember } from '../../src/region/mod.ts';
import { findKubectl } from '../support/kubectl.ts';
import { type NatsServer, startNatsServer } from '../support/nats-server.ts';
import { run } from '../support/run.ts';

const lines: string[] = [];
const note = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const log: MemberLog = { error: note, warn: note, info: note, debug: () => {} };

let nats: NatsServer;
let folder: string;
let kubectlPath: string;
const members = new Map<string, Member>();

async function start(region: string, planet?: Partial<PlanetOptions>): Promise<void> {
  const member = await startMember({
    rootDirectory: join(folder, region),
    bindAddress: '127.0.0.1',
    securePort: 0,
    region,
    regionLabels: { continent: region === 'eu' ? 'europe' : 'america' },
    log,
    ...(planet && { planet: { servers: [nats.url], hasDomains: false, ...planet } }),
  });
  members.set(region, member);
}

/** `antipode …` with the administrator's kubeconfig of a region. */
async function antipode(region: string, ...words: readonly string[]) {
  const kubeconfig = join(folder, region, 'admin.kubeconfig');
  const terminal = recordingTerminal({ environment: { KUBECONFIG: kubeconfig } });
  const code = await runCommandLine(words, terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

async function json<T>(region: string, ...words: readonly string[]): Promise<T> {
  const { code, out, err } = await antipode(region, ...words, '-o', 'json');
  if (code !== 0) throw new Error(`antipode ${words.join(' ')} ended with ${code}: ${err}`);
  return JSON.parse(out) as T;
}

interface Region {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly status?: object;
}

async function kubectl(region: string, ...words: readonly string[]): Promise<string> {
  const kubeconfig = join(folder, region, 'admin.kubeconfig');
  const { code, stdout, stderr } = await run(kubectlPath, [...words, '--kubeconfig', kubeconfig], {
    timeoutMs: 20_000,
  });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

async function regions(region: string): Promise<readonly Region[]> {
  const text = await kubectl(region, 'get', 'regions', '-o', 'json');
  return (JSON.parse(text) as { readonly items: readonly Region[] }).items;
}

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const found = await waitFor(60_000, ask);
  if (found === undefined) throw new Error(`it did not come about:\n${lines.join('\n')}`);
  return found;
}

interface Token {
  readonly id: string;
  readonly token: string;
}

beforeAll(async () => {
  const config = 'max_payload: 8MB\njetstream { store_dir: STORE, max_mem: 64M, max_file: 8G }';
  nats = await startNatsServer({ config });
  const tools = await findKubectl();
  if ('missing' in tools) throw new Error(tools.missing);
  kubectlPath = tools.kubectl;
  folder = await mkdtemp(join(tmpdir(), 'antipode-operators-'));
  await start('eu', { survive: 'process' });
  const { out } = await antipode('eu', 'join-token', 'create', '--region', 'us', '--ttl', '10m');
  await start('us', { joinToken: out.trim() });
}, 120_000);
afterAll(async () => {
  for (const member of [...members.values()].reverse()) await member.close();
  await nats.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

describe('the operators of a planet', { timeout: 120_000 }, () => {
  it('make, list and revoke join tokens in any region', async () => {
    const made = await json<Token>('us', 'join-token', 'create', '--uses', '2');
    expect(made.token).toMatch(/^antipode1\.us\./);
    expect(made).toMatchObject({ state: 'valid', uses: 2, members: [], createdBy: 'kcp-admin' });
    const seen = await json<Token[]>('us', 'join-token', 'list');
    expect(seen.map(({ id }) => id)).toContain(made.id);
    expect(seen[1]).toMatchObject({ state: 'used', region: 'us', members: ['m1'] });
    expect(JSON.stringify(seen)).not.toContain(made.token.split('.')[3]);
    expect(await antipode('us', 'join-token', 'revoke', made.id)).toMatchObject({ code: 0 });
    expect((await json<Token[]>('eu', 'join-token', 'list'))[0]).toMatchObject({
      id: made.id,
      state: 'revoked',
    });
    const unknown = await antipode('us', 'join-token', 'revoke', 'nothere1');
    expect([unknown.code, unknown.err]).toEqual([3, expect.stringMatching(/no join token "nothere1"/)]);
  });

  it('see members and shards of the whole planet from any region', async () => {
    const status = await json<PlanetStatus>('us', 'status');
    expect(status).toMatchObject({ region: 'us', member: 'm1', troubles: [] });
    expect(status.members).toMatchObject([
      { name: 'm0', region: 'eu', url: members.get('eu')!.url, silentMs: 0, rttMs: expect.any(Number) },
      { name: 'm1', region: 'us', url: members.get('us')!.url, isHere: true, rttMs: expect.any(Number) },
    ]);
    const [root] = status.shards;
    expect(root).toMatchObject({ name: 'root', home: 'eu', goal: 'process', met: 'process', seenFrom: 'eu' });
    expect(root?.stalenessMs).toBeGreaterThanOrEqual(0);
    expect(root?.kept).toMatchObject({ first: 1, frames: expect.any(Number), bytes: expect.any(Number) });
    const voters = root?.voters.toSorted((one, other) => (one.region < other.region ? -1 : 1));
    expect(voters).toMatchObject([
      { region: 'eu', isHome: true, lagCommits: 0 },
      { region: 'us', isHome: false, silentMs: expect.any(Number) },
    ]);
    const { code, out } = await antipode('eu', 'status', '-o', 'wide');
    expect([code, out]).toEqual([0, expect.stringMatching(/^eu +m0 .* here .*\n^us +m1 .* now /m)]);
    expect((await antipode('us', 'shard', 'list')).out).toMatch(/^root +eu +process +process +eu,us/m);
    expect((await antipode('us', 'member', 'list')).out).toMatch(/^m0 +eu .*\nm1 +us/m);
  });

  it('see a region as an object, which its own member writes there', async () => {
    for (const [name, member, homed, continent] of [
      ['eu', 'm0', 2, 'europe'],
      ['us', 'm1', 1, 'america'],
    ] as const) {
      const seen = await until(async () =>
        (await regions(name)).find(
          ({ metadata, status }) =>
            // What a shard that has just begun is behind is told, too, until it is not.
            metadata.name === name &&
            (status as { lag?: string; homed?: number } | undefined)?.homed === homed &&
            (status as { lag?: string }).lag === '0s',
        ),
      );
      expect(seen).toMatchObject({
        metadata: { labels: { continent } },
        spec: { url: members.get(name)!.url },
        status: { members: 1, memberNames: [member], homed, lag: '0s' },
      });
      const table = await kubectl(name, 'get', 'regions');
      expect(table).toMatch(/^NAME +URL +MEMBERS +HOMED +LAG +AGE\n/);
      expect(table).toMatch(new RegExp(`^${name} +https:.* 1 +${homed} +0s +\\S+$`, 'm'));
    }
  });

  it('change the goal of a shard and move it, and are told what is not possible', async () => {
    expect((await antipode('us', 'shard', 'set-goal', 'root', '--goal', 'zone')).code).toBe(0);
    expect((await json<PlanetStatus>('eu', 'status')).shards[0]).toMatchObject({ goal: 'zone' });
    const moved = await antipode('us', 'shard', 'move', 'root', '--to', 'us');
    expect(moved).toMatchObject({ code: 0, out: expect.stringMatching(/^Shard root is homed in us/) });
    expect((await json<PlanetStatus>('eu', 'status')).shards[0]).toMatchObject({
      home: 'us',
      seenFrom: 'us',
    });
    const shown = await until(async () => {
      const table = await kubectl('us', 'get', 'shards');
      return /^root +us /m.test(table) ? table : undefined;
    });
    expect(shown).toMatch(/^NAME +REGION /);
    // What is kept in the root shard is changed where that is now.
    expect(await antipode('eu', 'join-token', 'create')).toMatchObject({ code: 0 });

    const own = await antipode('eu', 'member', 'remove', 'm1');
    expect([own.code, own.err]).toEqual([
      5,
      expect.stringMatching(/m1 .* is the home of shard root: move it/),
    ]);
    for (const [words, code, line] of [
      [['shard', 'move', 'root', '--to', 'ap'], 3, /no voter of shard root: voters are in eu, us/],
      [['shard', 'move', 'other', '--to', 'eu'], 3, /no shard "other": there are root/],
      [['shard', 'move', 'root'], 2, /needs --to/],
      [['shard', 'list', '--accept-loss'], 2, /means nothing to antipode shard list/],
      [['member', 'remove', 'm7'], 3, /no member "m7"/],
      [['status', '--as', 'somebody'], 4, /cannot get path "\/planet\/status"/],
      [['join-token', 'create', '--as', 'somebody'], 4, /cannot post path "\/planet\/join-tokens"/],
    ] as const) {
      const refused = await antipode('eu', ...words);
      expect([words, refused.code, refused.err]).toEqual([words, code, expect.stringMatching(line)]);
    }
  });

  it('are told what may be lost before a shard is promoted, and remove a lost member', async () => {
    await members.get('us')!.close();
    members.delete('us');
    const refused = await antipode('eu', 'shard', 'promote', 'root', '--region', 'eu');
    expect([refused.code, refused.err]).toEqual([5, expect.stringMatching(/\nGive --accept-loss/)]);
    const promoted = await antipode('eu', 'shard', 'promote', 'root', '--region', 'eu', '--accept-loss');
    expect(promoted).toMatchObject({
      code: 0,
      out: expect.stringMatching(/homed in eu.*\nWhat was accepted: /),
    });
    // The shard that the lost region had brought has to have another home, too.
    const others = await antipode('eu', 'shard', 'promote', 'us', '--region', 'eu', '--accept-loss');
    expect(others.code).toBe(0);
    const removed = await antipode('eu', 'member', 'remove', 'm1');
    expect([removed.code, removed.err]).toEqual([0, '']);
    const after = await json<PlanetStatus>('eu', 'status');
    expect(after.members).toHaveLength(1);
    expect(after.shards[0]?.voters).toMatchObject([{ region: 'eu' }]);
    expect((await antipode('eu', 'member', 'list', '-o', 'wide')).out).toMatch(/^m1 +us .* [a-z0-9]{8} +20/m);
  });
});
