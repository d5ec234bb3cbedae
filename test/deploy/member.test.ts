import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Member, type MemberLog, type PlanetOptions, startMember } from '../../src/region/mod.ts';
import { Client, configMap } from '../http/client.ts';
import { NatsDeployment, type RegionName } from './nats-deployment.ts';

const MAPS = '/clusters/root/api/v1/namespaces/default/configmaps';
const log: MemberLog = { error() {}, warn() {}, info() {}, debug() {} };

let nats: NatsDeployment;
const closing: (() => Promise<void> | void)[] = [];
beforeAll(async () => {
  nats = await NatsDeployment.prepare();
  await nats.start();
}, 120_000);
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await nats.stop();
}, 60_000);

async function start(region: RegionName, entrance: Partial<PlanetOptions>): Promise<Member> {
  const { directory, clientPort, memberPassword } = nats.regions[region];
  const tls = (name: string) => join(directory, 'tls', name);
  const member = await startMember({
    rootDirectory: join(directory, 'member'),
    bindAddress: '127.0.0.1',
    securePort: 0,
    region,
    log,
    planet: {
      servers: [`tls://127.0.0.1:${clientPort}`],
      credentials: { kind: 'password', user: 'member', password: memberPassword },
      tls: { caFile: tls('ca.crt'), certificateFile: tls('member.crt'), keyFile: tls('member.key') },
      hasDomains: true,
      ...entrance,
    },
  });
  closing.push(() => member.close());
  return member;
}

async function clientOf(region: RegionName, member: Member): Promise<Client> {
  const directory = join(nats.regions[region].directory, 'member');
  const ca = await readFile(join(directory, 'ca.crt'), 'utf8');
  const kubeconfig = await readFile(join(directory, 'admin.kubeconfig'), 'utf8');
  const token = /token: (\S+)/.exec(kubeconfig)![1]!;
  const client = new Client({ port: Number(new URL(member.url).port), ca, token });
  closing.push(() => client.close());
  return client;
}

it('members form a planet over the NATS configurations of deploy, with TLS, passwords and permissions', {
  timeout: 120_000,
}, async () => {
  const founder = await start('eu', { survive: 'region' });
  const { text } = await founder.planet!.tokens.create({ ttlMs: 600_000, usesMax: 1, actor: 'test' });
  const joined = await start('us', { joinToken: text });
  const eu = await clientOf('eu', founder);
  const us = await clientOf('us', joined);
  await us.until(MAPS, (_list, status) => status === 200);
  await eu.until<{ kind: string } & Awaited<ReturnType<Client['list']>>>('/planet/status', (status) =>
    JSON.stringify(status).includes('"us"'),
  );
  const made = async (client: Client, name: string) => {
    for (;;) {
      const reply = await client.call(MAPS, { method: 'POST', body: configMap(name) });
      if (reply.status !== 503) return reply.status;
    }
  };
  expect(await made(eu, 'from-eu')).toBe(201);
  expect(await made(us, 'from-us')).toBe(201);
  for (const client of [eu, us])
    for (const name of ['from-eu', 'from-us'])
      await client.until(`${MAPS}/${name}`, (_map, status) => status === 200);
});
