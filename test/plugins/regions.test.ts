import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCommandLine } from '../../src/cli/main.ts';
import { Link } from '../../src/cli/planet/link.ts';
import { recordingTerminal } from '../../src/cli/terminal.suite.ts';
import { type Person, Plugins, type Ran } from './suite.ts';

/** Two regions of one planet: here they are one member that is reached over two links. */
describe('the regions of a kubeconfig', () => {
  let plugins: Plugins;
  const links: Record<'eu' | 'us', Link> = {} as Record<'eu' | 'us', Link>;
  beforeAll(async () => {
    plugins = await Plugins.start();
    const target = () => ({ host: '127.0.0.1', port: plugins.server.port });
    links.eu = await Link.open({ target, oneWayMs: 2 });
    links.us = await Link.open({ target, oneWayMs: 25 });
  });
  afterAll(async () => {
    for (const link of Object.values(links)) await link.close();
    await plugins.stop();
  });

  async function antipode(person: Person, line: string): Promise<Ran> {
    const terminal = recordingTerminal({ environment: { KUBECONFIG: person.kubeconfig } });
    const code = await runCommandLine(line.split(' '), terminal);
    return { code, out: terminal.outText(), err: terminal.errText() };
  }
  const urlOf = (region: 'eu' | 'us'): string => `https://127.0.0.1:${links[region].port}`;
  const regionFlags = (): string => `--region eu=${urlOf('eu')} --region us=${urlOf('us')}/`;

  /** A person whose kubeconfig has both regions. */
  async function traveller(name: string): Promise<Person> {
    const person = await plugins.person(name);
    const { code, err } = await antipode(person, `kubeconfig ${regionFlags()}`);
    expect([code, err]).toEqual([0, '']);
    return person;
  }
  async function serverOf(person: Person, context: string): Promise<string | undefined> {
    const config = await person.config();
    const cluster = config.contexts.find(({ name }) => name === context)?.context.cluster;
    return config.clusters.find(({ name }) => name === cluster)?.cluster.server;
  }
  async function current(person: Person): Promise<string | undefined> {
    return serverOf(person, (await person.config())['current-context']);
  }

  it('are contexts of their names with the user and the authority of the one in use', async () => {
    const person = await plugins.person('writer');
    const { code, out } = await antipode(person, `kubeconfig ${regionFlags()}`);
    expect(code).toBe(0);
    expect(out).toMatch(/^CONTEXT +SERVER +ROUND TRIP\neu +https:\S+\/clusters\/root +[\d.]+ ms\nus +https/);
    expect(out).toContain('Context "nearest" is eu; antipode use --nearest goes there.');
    const config = parse(await readFile(person.kubeconfig, 'utf8'));
    expect(config['current-context']).toBe('mine');
    expect(config.contexts).toContainEqual({ name: 'us', context: { cluster: 'us', user: 'writer' } });
    expect(config.clusters).toContainEqual({
      name: 'us',
      cluster: {
        server: `${urlOf('us')}/clusters/root`,
        'certificate-authority-data': Buffer.from(plugins.server.ca).toString('base64'),
        extensions: [{ extension: { region: 'us' }, name: 'planet.antipode.dev' }],
      },
    });
    // Once more is no conflict: these are regions now.
    expect((await antipode(person, `kubeconfig ${regionFlags()}`)).code).toBe(0);
  });

  it('never take the place of what is no region', async () => {
    const person = await plugins.person('owner');
    const { code, err } = await antipode(person, `kubeconfig --region mine=${urlOf('eu')}`);
    expect(code).toBe(5);
    expect(err).toContain('"mine" that is no region');
    expect((await person.config()).clusters).toHaveLength(1);
    expect((await antipode(person, `kubeconfig --overwrite --region mine=${urlOf('eu')}`)).code).toBe(0);
  });

  it('have the round trips that are measured, and the nearest is the one that answers soonest', async () => {
    const person = await traveller('measurer');
    const { out } = await antipode(person, 'use --nearest -o json');
    const { region, regions } = JSON.parse(out) as {
      region: string;
      regions: { region: string; rttMs: number }[];
    };
    expect([region, regions.map((each) => each.region)]).toEqual(['eu', ['eu', 'us']]);
    expect(regions[0]?.rttMs).toBeGreaterThanOrEqual(4);
    expect(regions[1]?.rttMs).toBeGreaterThanOrEqual(50);
    expect(await current(person)).toBe(`${urlOf('eu')}/clusters/root`);
  });

  it('are chosen anew when one is cut off, and when all are it is said', async () => {
    const person = await traveller('survivor');
    expect((await antipode(person, 'use --nearest')).code).toBe(0);
    links.eu.setState('cut');
    try {
      const { code, out } = await antipode(person, 'use --nearest');
      expect(code).toBe(0);
      expect(out).toMatch(/^eu +https\S+ +- \(.*(ECONNRESET|hang up|disconnected)/m);
      expect(out).toContain(`Now in region us, ${urlOf('us')}/clusters/root.`);
      expect(await current(person)).toBe(`${urlOf('us')}/clusters/root`);
      links.us.setState('cut');
      const none = await antipode(person, 'use --nearest');
      expect([none.code, none.out]).toEqual([6, '']);
      expect(none.err).toMatch(/no region answers.*\neu: .*\nus: /);
      expect(await current(person)).toBe(`${urlOf('us')}/clusters/root`);
    } finally {
      links.eu.setState('up');
      links.us.setState('up');
    }
  });

  it('are kept by kubectl ws when the workspace changes, and the workspace by antipode use', async () => {
    const person = await traveller('walker');
    expect((await antipode(person, 'use us')).code).toBe(0);
    await person.ok('create workspace team');
    await person.ok('ws team');
    expect(await current(person)).toBe(`${urlOf('us')}/clusters/root:team`);
    await person.ok('ws ..');
    expect(await current(person)).toBe(`${urlOf('us')}/clusters/root`);
    await person.ok('ws :root:team');
    const { code, out } = await antipode(person, 'use --nearest');
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(`Now in region eu, ${urlOf('eu')}/clusters/root:team.`),
    ]);
    expect(await current(person)).toBe(`${urlOf('eu')}/clusters/root:team`);
    // The contexts of regions lead where they led, and the way back is that of kubectl ws.
    expect(await serverOf(person, 'us')).toBe(`${urlOf('us')}/clusters/root`);
    expect(await serverOf(person, 'nearest')).toBe(`${urlOf('eu')}/clusters/root`);
    await person.ok('ws -');
    expect(await current(person)).toBe(`${urlOf('us')}/clusters/root:team`);
  });

  it('are missed with a word about how to get some', async () => {
    const person = await plugins.person('stranger');
    const use = await antipode(person, 'use --nearest');
    expect([use.code, use.err]).toEqual([
      3,
      expect.stringContaining('Write them into it with antipode kubeconfig.'),
    ]);
    const ask = await antipode(person, 'kubeconfig');
    expect([ask.code, ask.err]).toEqual([
      3,
      expect.stringContaining('--region eu=https://eu.example.com:6443'),
    ]);
    const lost = await antipode(await traveller('lost'), 'use mars');
    expect([lost.code, lost.err]).toEqual([3, expect.stringContaining('Its regions are eu, us.')]);
    for (const line of [
      'use',
      'use eu --nearest',
      'kubeconfig --region eu',
      'kubeconfig --region eu=http://x',
    ])
      expect([line, (await antipode(person, line)).code]).toEqual([line, 2]);
  });
});
