import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RegionName as Region } from '../../src/base/mod.ts';
import { permissionsOf } from '../../src/replication/transport/mod.ts';
import { NatsClient } from '../support/nats-client.ts';
import { NATS_FOLDER, NatsDeployment, REGIONS, type RegionName } from './nats-deployment.ts';

describe('the NATS configurations of three regions', () => {
  let nats: NatsDeployment;
  const clients: NatsClient[] = [];
  beforeAll(async () => {
    nats = await NatsDeployment.prepare();
    await nats.start();
  }, 120_000);
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(async () => {
    await nats.stop();
  });

  async function member(region: RegionName): Promise<NatsClient> {
    const { clientPort, memberPassword, certificates } = nats.regions[region];
    const client = await NatsClient.connect({
      port: clientPort,
      user: 'member',
      password: memberPassword,
      tls: certificates,
    });
    clients.push(client);
    return client;
  }

  /** Asks for something of JetStream, with the reply subject that members have. */
  async function ask(client: NatsClient, region: string, subject: string, body: object = {}): Promise<Reply> {
    const answer = await client.request(subject, JSON.stringify(body), 2_000, `antipode.reply.${region}.m1`);
    return answer === undefined
      ? { error: { description: 'no answer' } }
      : (JSON.parse(answer.text) as Reply);
  }

  it('differ between regions in their names alone', async () => {
    const texts = await Promise.all(
      REGIONS.map(async (region) => {
        const files = ['region.env', 'leaf-permissions.conf', 'member-permissions.conf'];
        const content = files.map((file) => readFile(join(NATS_FOLDER, 'regions', region, file), 'utf8'));
        const lines = (await Promise.all(content)).join('').split('\n');
        const own = new RegExp(`\\b${region}\\b`, 'g');
        const other = /\b(eu|us|ap)\b/g;
        return lines.map((line) => line.replaceAll(own, 'OWN').replaceAll(other, 'OTHER')).join('\n');
      }),
    );
    expect(new Set(texts).size).toBe(1);
  });

  it.each(REGIONS)('give %s the rights that members need, and no more', async (region) => {
    const domains = new Map(REGIONS.map((name) => [name as string as Region, name]));
    const wanted = permissionsOf({ region: region as string as Region, domains });
    const own = `antipode.beat.${region}.>`;
    const read = async (file: string) =>
      listsOf(await readFile(join(NATS_FOLDER, 'regions', region, file), 'utf8'));
    expect(await read('member-permissions.conf')).toEqual([
      sorted(wanted.member.publish.allow),
      sorted(wanted.member.subscribe.allow),
    ]);
    expect(await read('leaf-permissions.conf')).toEqual([
      sorted(wanted.leaf.publish.allow.map((subject) => (subject === own ? 'antipode.beat.>' : subject))),
      sorted(REGIONS.filter((name) => name !== region).map((name) => `antipode.beat.${name}.>`)),
      sorted(wanted.leaf.subscribe.allow),
    ]);
  });

  it('give each region a JetStream of its own, which others reach by its domain', async () => {
    for (const region of REGIONS) {
      const client = await member(region);
      const stream = { name: 'antipode_s1_8', subjects: [`antipode.log.${region}.s1.8`], storage: 'file' };
      expect(await ask(client, region, '$JS.API.STREAM.CREATE.antipode_s1_8', stream)).toMatchObject({
        type: expect.stringContaining('stream_create_response'),
        did_create: true,
      });
      const stored = await ask(client, region, `antipode.log.${region}.s1.8`, { commit: region });
      expect(stored).toMatchObject({ stream: 'antipode_s1_8', domain: region, seq: 1 });
    }
    for (const [reader, home] of [
      ['us', 'eu'],
      ['ap', 'eu'],
      ['eu', 'ap'],
    ] as const) {
      const client = await member(reader);
      const message = await ask(client, reader, `$JS.${home}.API.STREAM.MSG.GET.antipode_s1_8`, { seq: 1 });
      expect(Buffer.from(message.message?.data ?? '', 'base64').toString()).toBe(`{"commit":"${home}"}`);
    }
  });

  it('let a member follow the stream of another region', async () => {
    const reader = await member('ap');
    const inbox = 'antipode.reply.ap.m2.follow';
    const got = new Promise<string>((resolve) => reader.subscribe(inbox, ({ text }) => resolve(text)));
    const config = { deliver_subject: inbox, ack_policy: 'none', deliver_policy: 'all', max_deliver: 1 };
    const made = await ask(reader, 'ap', '$JS.us.API.CONSUMER.CREATE.antipode_s1_8', {
      stream_name: 'antipode_s1_8',
      config,
    });
    expect(made.error).toBeUndefined();
    expect(await got).toBe('{"commit":"us"}');
  });

  it('carry heartbeats to all regions, and questions to whom they name', async () => {
    const [eu, us, ap] = [await member('eu'), await member('us'), await member('ap')];
    const beats: string[] = [];
    ap.subscribe('antipode.beat.*.s1', ({ subject }) => beats.push(subject));
    us.subscribe('antipode.ask.us.m1.hello', ({ replyTo }) =>
      us.publish(replyTo ?? '', '{"hello":"from us"}'),
    );
    await Promise.all([ap.flush(), us.flush()]);
    await expect
      .poll(() => ask(eu, 'eu', 'antipode.ask.us.m1.hello'), { timeout: 15_000 })
      .toEqual({ hello: 'from us' });
    await expect
      .poll(
        async () => {
          eu.publish('antipode.beat.eu.s1', 'alive');
          return beats[0];
        },
        { timeout: 15_000 },
      )
      .toBe('antipode.beat.eu.s1');
  });

  it('let nobody in without the password and a certificate of the planet', async () => {
    const { clientPort, memberPassword, certificates } = nats.regions.eu;
    const login = { port: clientPort, user: 'member', password: memberPassword };
    await expect(NatsClient.connect({ ...login, password: 'wrong', tls: certificates })).rejects.toThrow(
      /Authorization Violation/,
    );
    await expect(NatsClient.connect({ ...login, tls: { ca: certificates.ca } })).rejects.toThrow();
    await expect(
      NatsClient.connect({ ...login, password: nats.regions.us.memberPassword, tls: certificates }),
    ).rejects.toThrow(/Authorization Violation/);
  });

  it('let members neither speak for other regions nor listen in their place', async () => {
    const eu = await member('eu');
    for (const subject of [
      'antipode.log.us.s1.8',
      'antipode.beat.us.s1',
      '$JS.us.API.STREAM.DELETE.antipode_s1_8',
    ])
      eu.publish(subject, 'x');
    for (const subject of ['antipode.ask.us.>', 'antipode.reply.us.>', '>'])
      eu.subscribe(subject, () => undefined);
    await eu.flush();
    expect(
      eu.errors.map((error) => /(Publish|Subscription) to "(.*)"/.exec(error)?.slice(1).join(' ')),
    ).toEqual([
      'Publish antipode.log.us.s1.8',
      'Publish antipode.beat.us.s1',
      'Publish $JS.us.API.STREAM.DELETE.antipode_s1_8',
      'Subscription antipode.ask.us.>',
      'Subscription antipode.reply.us.>',
      'Subscription >',
    ]);
  });

  it('bind a region whose own server lets its members do everything', async () => {
    // A second server of eu that has thrown its rules away, with the credentials of the region.
    const folder = await nats.copyOf('eu', 'rogue');
    const port = 32_000 + Math.floor(Math.random() * 700);
    const config = (await readFile(join(folder, 'data.conf'), 'utf8'))
      .replace(/permissions \{[^}]*\}/, '')
      .replace(/^listen: .*$/m, `listen: "127.0.0.1:${port}"`)
      .replace(/^http: .*$/m, '')
      .replace('$DATA_NAME', 'eu-rogue')
      .replaceAll(nats.regions.eu.directory, folder)
      .replace(/jetstream \{[^}]*\}/, '')
      .replace('jetstream: enabled', '');
    await writeFile(join(folder, 'data.conf'), config);
    await nats.run('eu', '../rogue/data.conf');
    const { certificates, memberPassword } = nats.regions.eu;
    const login = { port, user: 'member', password: memberPassword, tls: certificates };
    let rogue: NatsClient | undefined;
    await expect
      .poll(async () => {
        rogue ??= await NatsClient.connect(login).catch(() => undefined);
        return rogue;
      })
      .toBeDefined();
    if (rogue === undefined) throw new Error('unreachable');
    clients.push(rogue);
    const [us, ap] = [await member('us'), await member('ap')];
    const heard: string[] = [];
    ap.subscribe('antipode.beat.*.s1', ({ subject, text }) => heard.push(`${subject} ${text}`));
    rogue.subscribe('antipode.ask.us.>', ({ subject }) => heard.push(`rogue ${subject}`));
    rogue.subscribe('antipode.beat.*.s1', ({ subject }) => heard.push(`rogue ${subject}`));
    us.subscribe('antipode.ask.us.m1.hello', ({ replyTo }) =>
      us.publish(replyTo ?? '', '{"hello":"from us"}'),
    );
    await Promise.all([ap.flush(), us.flush(), rogue.flush()]);
    // What it may say arrives, so that the rest would have had the time to.
    const speaker: NatsClient = rogue;
    await expect
      .poll(
        async () => {
          speaker.publish('antipode.beat.us.s1', 'forged');
          speaker.publish('antipode.beat.eu.s1', 'own');
          us.publish('antipode.beat.us.s1', 'real');
          await ask(ap, 'ap', 'antipode.ask.us.m1.hello');
          return ['antipode.beat.eu.s1 own', 'antipode.beat.us.s1 real', 'rogue antipode.beat.us.s1'].every(
            (line) => heard.includes(line),
          );
        },
        { timeout: 15_000 },
      )
      .toBe(true);
    expect(heard.filter((line) => line.includes('forged') || line.startsWith('rogue antipode.ask'))).toEqual(
      [],
    );
    const deleted = await ask(rogue, 'eu', '$JS.us.API.STREAM.DELETE.antipode_s1_8');
    expect(deleted.error?.description).toBe('no answer');
    const kept = await ask(us, 'us', '$JS.API.STREAM.INFO.antipode_s1_8');
    expect(kept.error).toBeUndefined();
  }, 60_000);
});

/** The lists of a file of permissions, in their order there. */
function listsOf(text: string): readonly (readonly string[])[] {
  const lists = text.replaceAll(/^\s*#.*$/gm, '').matchAll(/\w+: \[([^\]]*)\]/g);
  return [...lists].map((list) =>
    sorted([...(list[1] ?? '').matchAll(/"([^"]+)"/g)].map((item) => item[1] ?? '')),
  );
}

/** What gateways put before the subjects of answers is a matter of the topology, and not of who may do what. */
function sorted(list: readonly string[]): readonly string[] {
  return list.filter((subject) => !subject.startsWith('_GR_')).sort();
}

interface Reply {
  readonly type?: string;
  readonly error?: { readonly description: string };
  readonly message?: { readonly data: string };
}
