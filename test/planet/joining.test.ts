import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Member, type MemberLog, type PlanetOptions, startMember } from '../../src/region/mod.ts';
import { type NatsServer, startNatsServer } from '../support/nats-server.ts';

const lines: string[] = [];
const note = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const log: MemberLog = { error: note, warn: note, info: note, debug: () => {} };

let nats: NatsServer;
let folder: string;
const members: Member[] = [];

beforeAll(async () => {
  const config = 'max_payload: 8MB\njetstream { store_dir: STORE, max_mem: 64M, max_file: 8G }';
  nats = await startNatsServer({ config });
  folder = await mkdtemp(join(tmpdir(), 'antipode-joining-'));
}, 60_000);
afterAll(async () => {
  for (const member of members.reverse()) await member.close();
  await nats.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function start(region: string, planet?: Partial<PlanetOptions>): Promise<Member> {
  const member = await startMember({
    rootDirectory: join(folder, region),
    bindAddress: '127.0.0.1',
    securePort: 0,
    region,
    log,
    ...(planet === undefined
      ? {}
      : { planet: { servers: [nats.url], hasDomains: false, survive: 'zone', ...planet } }),
  });
  members.push(member);
  return member;
}

async function stop(member: Member): Promise<void> {
  members.splice(members.indexOf(member), 1);
  await member.close();
}

/** What a member answers to somebody with the administrator's token and the CA of a region. */
async function ask(member: Member, region: string, path: string): Promise<{ status: number; text: string }> {
  const ca = await readFile(join(folder, region, 'ca.crt'));
  const kubeconfig = await readFile(join(folder, region, 'admin.kubeconfig'), 'utf8');
  const token = /token: (\S+)/.exec(kubeconfig)![1]!;
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const request = get(`${member.url}${path}`, { ca, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.once('error', reject);
  });
}

function servingCertificate(member: Member): Promise<X509Certificate> {
  const { hostname, port } = new URL(member.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

const NAMESPACES = '/clusters/root/api/v1/namespaces';

describe('a planet of two members and a real NATS server', { timeout: 240_000 }, () => {
  it('is founded by a member that was alone, joined by another, and goes on after restarts', async () => {
    const alone = await start('eu');
    const before = await ask(alone, 'eu', NAMESPACES);
    expect(before.status).toBe(200);
    await stop(alone);

    const founder = await start('eu', {});
    const after = await ask(founder, 'eu', NAMESPACES);
    const items = (text: string) => (JSON.parse(text) as { items: unknown }).items;
    expect(items(after.text)).toEqual(items(before.text));
    expect(await founder.planet!.membership.list()).toMatchObject([{ number: 0, region: 'eu' }]);

    const { text: token } = await founder.planet!.tokens.create({
      ttlMs: 600_000,
      usesMax: 1,
      actor: 'test',
    });
    const joined = await start('us', { joinToken: token });
    // The administrator of eu, by the CA of eu, in us: one CA, one kubeconfig's token, one root.
    const there = await ask(joined, 'eu', NAMESPACES);
    expect([there.status, items(there.text)]).toEqual([200, items(before.text)]);
    const ca = new X509Certificate(await readFile(join(folder, 'eu', 'ca.crt')));
    expect((await servingCertificate(joined)).verify(ca.publicKey)).toBe(true);
    expect(joined.planet!.membership.memberOf(1)).toMatchObject({ number: 1, region: 'us' });

    // A page that begins in eu goes on in us.
    const page = await ask(founder, 'eu', `${NAMESPACES}?limit=1`);
    const next = (JSON.parse(page.text) as { metadata: { continue?: string } }).metadata.continue;
    if (next !== undefined) {
      const rest = await ask(joined, 'us', `${NAMESPACES}?limit=1&continue=${encodeURIComponent(next)}`);
      expect(rest.status).toBe(200);
    }

    await stop(joined);
    await expect(start('us')).rejects.toThrow(/member m1 of a planet, in region us: start it with --nats/);
    const again = await start('us', {});
    expect((await ask(again, 'eu', NAMESPACES)).status).toBe(200);
    expect(await founder.planet!.membership.list()).toHaveLength(2);
  });

  it('is not joined by a directory with a tree of its own, which stays as it is', async () => {
    await stop(await start('ap'));
    const founder = members.find(({ planet }) => planet?.membership.memberOf(0) !== undefined)!;
    const { text: joinToken } = await founder.planet!.tokens.create({
      ttlMs: 600_000,
      usesMax: 1,
      actor: 'test',
    });
    await expect(start('ap', { joinToken })).rejects.toThrow(/has a workspace tree of its own/);
    const alone = await start('ap');
    expect((await ask(alone, 'ap', NAMESPACES)).status).toBe(200);
  });
});
