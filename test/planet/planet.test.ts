import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NatsClient } from '../support/nats-client.ts';
import { run } from '../support/run.ts';
import { ask, isAlive, PlanetProcess, pidsOf, planetDirectory, removeDirectory } from './suite.ts';

/** Alone it takes ten seconds; beside other work on two cores it may take minutes. */
const START_MS = 300_000;

describe('antipode planet', { timeout: START_MS }, () => {
  let planet: PlanetProcess;
  const clients: NatsClient[] = [];
  beforeAll(async () => {
    const directory = await planetDirectory();
    planet = await PlanetProcess.start(directory, ['--secure-port', '0', '--rtt', 'eu-us=80,us-ap=120']);
  }, START_MS);
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await planet.act('heal');
  });
  afterAll(async () => {
    await planet?.signal('SIGTERM');
    await removeDirectory(planet.directory);
  }, START_MS);

  async function natsOf(region: string): Promise<NatsClient> {
    const client = await NatsClient.ofRegion(planet.directory, region);
    clients.push(client);
    return client;
  }

  /** Whether the JetStream of a region answers there; asks until the answer is as wanted. */
  async function reaches(client: NatsClient, domain: string): Promise<boolean> {
    return (await client.request(`$JS.${domain}.API.INFO`, '', 1_000)) !== undefined;
  }

  it('serves in every region, with a context for each in the kubeconfig', async () => {
    for (const region of ['eu', 'us', 'ap'])
      expect(await ask(planet.directory, region, { path: '/api/v1/namespaces' })).toBe(200);
    expect((await stat(join(planet.directory, 'admin.kubeconfig'))).mode & 0o077).toBe(0);
    expect(planet.output).toContain(`export KUBECONFIG=${join(planet.directory, 'admin.kubeconfig')}`);
  });

  it('shows regions and links, for people and for programs', async () => {
    const { stdout, code } = await planet.act('status');
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(/^REGION +URL +MEMBER +NATS +LINKS$/);
    expect(stdout).toMatch(/^eu +https:\/\/127\.0\.0\.1:\d+ +up +up +us 80 ms, ap 0 ms$/m);
    const status = await planet.status();
    expect(status.links).toEqual([
      { between: ['eu', 'us'], rttMs: 80, state: 'up' },
      { between: ['eu', 'ap'], rttMs: 0, state: 'up' },
      { between: ['us', 'ap'], rttMs: 120, state: 'up' },
    ]);
    expect(pidsOf(status)).toHaveLength(9);
  });

  it('carries messages of NATS between regions as late as the link says', async () => {
    const [eu, us] = [await natsOf('eu'), await natsOf('us')];
    await expect.poll(() => reaches(eu, 'us'), { timeout: 20_000 }).toBe(true);
    const lateMs = new Promise<number>((resolve) =>
      us.subscribe('test.far', ({ atMs, text }) => resolve(atMs - Number(text))),
    );
    await us.flush();
    // Another region learns of a subscription a moment later, and what comes before that goes nowhere: each says when it was sent.
    const sending = setInterval(() => eu.publish('test.far', String(performance.now())), 50);
    expect(await lateMs.finally(() => clearInterval(sending))).toBeGreaterThanOrEqual(40);
    const askedMs = performance.now();
    const answer = await us.request('$JS.eu.API.INFO', '', 5_000);
    expect((answer?.atMs ?? Number.NaN) - askedMs).toBeGreaterThanOrEqual(80);
  });

  it.each([[[]], [['--silent']]])(
    'cuts the link of two regions with %j and nothing else',
    async (flags) => {
      const [eu, us, ap] = [await natsOf('eu'), await natsOf('us'), await natsOf('ap')];
      await expect.poll(() => reaches(us, 'eu'), { timeout: 20_000 }).toBe(true);
      expect((await planet.act('cut', 'us', 'eu', ...flags)).code).toBe(0);
      await expect.poll(() => reaches(us, 'eu'), { timeout: 20_000 }).toBe(false);
      // JetStream of each region goes on by itself, and so do the other links.
      expect(await reaches(us, 'us')).toBe(true);
      expect(await reaches(eu, 'eu')).toBe(true);
      expect(await reaches(ap, 'eu')).toBe(true);
      expect(await reaches(ap, 'us')).toBe(true);
      expect((await planet.status()).links[0]?.state).toBe(flags.length === 0 ? 'cut' : 'silent');
      expect((await planet.act('heal', 'eu', 'us')).code).toBe(0);
      await expect.poll(() => reaches(us, 'eu'), { timeout: 60_000 }).toBe(true);
    },
    150_000,
  );

  it(
    'cuts a region off from all others',
    async () => {
      const us = await natsOf('us');
      await expect.poll(() => reaches(us, 'eu'), { timeout: 20_000 }).toBe(true);
      const { stdout } = await planet.act('cut', 'us');
      expect(stdout).toMatch(/^us .* up +up +eu CUT, ap CUT$/m);
      await expect
        .poll(async () => [await reaches(us, 'eu'), await reaches(us, 'ap')], { timeout: 20_000 })
        .toEqual([false, false]);
      expect(await ask(planet.directory, 'us', { path: '/api/v1/namespaces' })).toBe(200);
    },
    START_MS,
  );

  it(
    'kills a region with all its processes, and brings it back with its data',
    async () => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } };
      expect(await ask(planet.directory, 'us', { path: '/api/v1/namespaces', method: 'POST', body })).toBe(
        201,
      );
      const before = (await planet.status()).regions.find(({ name }) => name === 'us');
      expect((await planet.act('kill', 'us')).code).toBe(0);
      const { stdout } = await planet.act('status');
      expect(stdout).toMatch(/^us .* down +down /m);
      expect(stdout).toContain('us: member is down: SIGKILL');
      for (const pid of [before?.member.pid, before?.nats.pid, before?.core.pid])
        expect(isAlive(pid ?? 0)).toBe(false);
      expect((await planet.act('restart', 'us')).code).toBe(0);
      expect(await ask(planet.directory, 'us', { path: '/api/v1/namespaces/kept' })).toBe(200);
    },
    START_MS,
  );

  it(
    'kills and restarts the member or the nats-servers alone',
    async () => {
      const of = async () => (await planet.status()).regions.find(({ name }) => name === 'ap');
      const before = await of();
      await planet.act('kill', 'ap', '--only', 'nats');
      const withoutNats = await of();
      expect([withoutNats?.member.pid, withoutNats?.nats.state, withoutNats?.core.state]).toEqual([
        before?.member.pid,
        'down',
        'down',
      ]);
      await planet.act('restart', 'ap');
      const back = await of();
      expect([back?.member.pid, back?.nats.state, back?.core.state]).toEqual([
        before?.member.pid,
        'up',
        'up',
      ]);
      await planet.act('restart', 'ap', '--only', 'member');
      const anew = await of();
      expect(anew?.member.state).toBe('up');
      expect(anew?.member.pid).not.toBe(before?.member.pid);
      expect(anew?.nats.pid).toBe(back?.nats.pid);
      const eu = await natsOf('eu');
      await expect.poll(() => reaches(eu, 'ap'), { timeout: 60_000 }).toBe(true);
    },
    START_MS,
  );

  it('says what is wrong with an action', async () => {
    const ended = await Promise.all([
      planet.act('cut', 'eu', 'mars'),
      planet.act('cut', 'eu', 'eu'),
      planet.act('kill'),
      planet.act('heal', '--only', 'member'),
    ]);
    expect(ended.map(({ code }) => code)).toEqual([3, 2, 2, 2]);
    expect(ended[0]?.stderr).toBe('error: this planet has no region "mars"\nIts regions are eu, us, ap.\n');
    expect(ended[1]?.stderr).toContain('a link is between two different regions');
    expect(ended[3]?.stderr).toContain('--only means something only with kill, restart; leave it out');
  });

  it('does not run twice in one directory', async () => {
    const second = PlanetProcess.spawn(planet.directory);
    expect((await second.exited).code).toBe(5);
    expect(second.output).toMatch(/another antipode \(process \d+\) is using/);
  });

  it('keeps its logs, and names nobody’s secrets in its status', async () => {
    expect(await readFile(join(planet.directory, 'eu', 'nats.log'), 'utf8')).toContain('Server is ready');
    const password = /password: "([^"]+)"/.exec(
      await readFile(join(planet.directory, 'eu', 'nats.conf'), 'utf8'),
    )?.[1];
    expect(password).toMatch(/^[\w-]{32}$/);
    expect(JSON.stringify(await planet.status())).not.toContain(password);
    const command = await readFile(`/proc/${(await planet.status()).regions[0]?.member.pid}/cmdline`, 'utf8');
    expect(command).not.toContain(password);
  });
});

describe('the end of a planet', { timeout: START_MS }, () => {
  const directories: string[] = [];
  afterAll(async () => {
    for (const directory of directories) await removeDirectory(directory);
  });
  async function newDirectory(): Promise<string> {
    const directory = await planetDirectory();
    directories.push(directory);
    return directory;
  }

  it(
    'leaves nothing running, however it comes, and the next start goes on with everything',
    async () => {
      const directory = await newDirectory();
      const first = await PlanetProcess.start(directory, ['--regions', 'eu,us', '--secure-port', '0']);
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } };
      expect(await ask(directory, 'eu', { path: '/api/v1/namespaces', method: 'POST', body })).toBe(201);
      const before = await first.status();
      await first.signal('SIGKILL');
      await expect.poll(() => pidsOf(before).filter(isAlive), { timeout: 30_000 }).toEqual([]);

      const second = await PlanetProcess.start(directory);
      const status = await second.status();
      expect(status.regions.map(({ name, url }) => [name, url])).toEqual(
        before.regions.map(({ name, url }) => [name, url]),
      );
      expect(await ask(directory, 'eu', { path: '/api/v1/namespaces/kept' })).toBe(200);
      // One of its children is dead already when it is stopped.
      await second.act('kill', 'us', '--only', 'nats');
      expect(await second.signal('SIGINT')).toEqual({ code: 0, signal: null });
      expect(pidsOf(status).filter(isAlive)).toEqual([]);
      expect((await second.act('status')).code).toBe(6);

      const third = PlanetProcess.spawn(directory, ['--regions', 'eu,mars']);
      expect((await third.exited).code).toBe(5);
      expect(third.output).toContain('has the regions eu,us, not eu,mars\nLeave --regions out');
    },
    2 * START_MS,
  );

  it(
    'is a failed start, without a rest, when a region cannot start',
    async () => {
      const directory = await newDirectory();
      await mkdir(join(directory, 'us', 'member'), { recursive: true });
      await writeFile(join(directory, 'us', 'member', 'ca.crt'), 'no certificate');
      const planet = PlanetProcess.spawn(directory, ['--regions', 'eu,us', '--secure-port', '0']);
      expect((await planet.exited).code).toBe(1);
      expect(planet.output).toMatch(
        /error: member of region us could not be started: exit code 5\n.*files of its own \(ca\.crt\).*\nIts log is .*us\/member\.log/,
      );
      const { stdout } = await run('ps', ['-eo', 'args']);
      expect(stdout.split('\n').filter((line) => line.includes(directory))).toEqual([]);
    },
    START_MS,
  );

  it(
    'comes at once when somebody stops it while it starts',
    async () => {
      const planet = PlanetProcess.spawn(await newDirectory(), ['--regions', 'eu', '--secure-port', '0']);
      await planet.untilItSays('eu: nats is up');
      const status = await planet.act('status');
      expect([status.code, status.stderr]).toEqual([6, expect.stringContaining('still starting')]);
      expect((await planet.act('stop')).code).toBe(0);
      expect(await planet.exited).toEqual({ code: 0, signal: null });
      const { stdout } = await run('ps', ['-eo', 'args']);
      expect(stdout.split('\n').filter((line) => line.includes(planet.directory))).toEqual([]);
    },
    START_MS,
  );

  it(
    'comes before the start where a port is taken, and the directory stays free for other ports',
    async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { readonly port: number };
      const directory = await newDirectory();
      const planet = PlanetProcess.spawn(directory, [
        '--regions',
        'eu',
        '--secure-port',
        String(Math.min(port, 65_500)),
      ]);
      expect((await planet.exited).code).toBe(5);
      server.close();
      expect(planet.output).toContain(`port ${port} of region eu is in use`);
      await expect(stat(join(directory, 'planet.json'))).rejects.toThrow('ENOENT');
    },
    START_MS,
  );

  it.each([
    [['--regions', 'eu,eu'], 2, 'names "eu" twice'],
    [['--rtt', 'eu-mars=80'], 2, 'the regions are eu, us, ap'],
    [['--secure-port', 'x'], 2, '--secure-port takes a number'],
    [['--nats-server', '/nowhere/nats-server'], 1, 'go install github.com/nats-io/nats-server'],
    [['--only', 'member'], 2, '--only means something only with kill, restart'],
  ])('is at once with %j', async (args, code, text) => {
    const planet = PlanetProcess.spawn(await newDirectory(), args);
    expect((await planet.exited).code).toBe(code);
    expect(planet.output).toContain(text);
  });
});
