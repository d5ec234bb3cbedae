import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Failure } from '../failure.ts';
import { askPlanet, type ControlRequest, ControlServer } from './control.ts';
import { type PlanetPaths, planetPaths } from './planet-directory.ts';

async function paths(...below: readonly string[]): Promise<PlanetPaths> {
  const folder = await mkdtemp(join(tmpdir(), 'antipode-control-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const directory = join(folder, ...below);
  await mkdir(directory, { recursive: true });
  return planetPaths(directory);
}

async function serve(
  places: PlanetPaths,
  handle: (request: ControlRequest) => Promise<unknown>,
): Promise<ControlServer> {
  const control = await ControlServer.open(places, handle);
  onTestFinished(() => control.close());
  return control;
}

const STATUS: ControlRequest = { action: 'status', regions: [] };

describe('the control of a planet', () => {
  it('answers requests with what was done', async () => {
    const places = await paths();
    await serve(places, async (request) => ({ got: request }));
    const request: ControlRequest = { action: 'kill', regions: ['us'], only: 'member', silent: false };
    expect(await askPlanet(places, request)).toEqual({ got: request });
  });

  it('answers with the message, advice and exit code of a failure', async () => {
    const places = await paths();
    await serve(places, async () => {
      throw new Failure('no such region', { exitCode: 3, hint: 'Look again.' });
    });
    await expect(askPlanet(places, STATUS)).rejects.toMatchObject({
      message: 'no such region',
      hint: 'Look again.',
      exitCode: 3,
    });
  });

  it('takes one request at a time, in the order in which they came', async () => {
    const places = await paths();
    const seen: string[] = [];
    await serve(places, async ({ regions: [name = ''] }) => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} ends`);
    });
    await Promise.all(['a', 'b', 'c'].map((name) => askPlanet(places, { action: 'kill', regions: [name] })));
    for (const index of [0, 2, 4]) expect(seen[index + 1]).toBe(seen[index]?.replace('begins', 'ends'));
  });

  it('is for its owner alone', async () => {
    const places = await paths();
    await serve(places, async () => undefined);
    for (const name of ['control.sock', 'control.json'])
      expect((await stat(join(places.directory, name))).mode & 0o077).toBe(0);
  });

  it('works in a folder whose path is too long for a socket', async () => {
    const places = await paths('x'.repeat(100), 'y'.repeat(100));
    const control = await serve(places, async () => 'yes');
    expect(await askPlanet(places, STATUS)).toBe('yes');
    const { socket } = JSON.parse(await readFile(places.control, 'utf8')) as { readonly socket: string };
    expect((await stat(join(socket, '..'))).mode & 0o077).toBe(0);
    await control.close();
    await expect(stat(join(socket, '..'))).rejects.toThrow('ENOENT');
  });

  it('is not there where no planet runs, also where one was killed', async () => {
    const places = await paths();
    const message = `no planet runs in ${places.directory}`;
    await expect(askPlanet(places, STATUS)).rejects.toMatchObject({ message, exitCode: 6 });
    await writeFile(
      places.control,
      JSON.stringify({ socket: join(places.directory, 'control.sock'), pid: 1 }),
    );
    await expect(askPlanet(places, STATUS)).rejects.toMatchObject({ message, exitCode: 6 });
    await writeFile(join(places.directory, 'control.sock'), '');
    await expect(askPlanet(places, STATUS)).rejects.toMatchObject({ message, exitCode: 6 });
    await serve(places, async () => 'alive');
    expect(await askPlanet(places, STATUS)).toBe('alive');
  });

  it('leaves nothing in the folder when it ends', async () => {
    const places = await paths();
    const control = await ControlServer.open(places, async () => undefined);
    await control.close();
    expect(await readdir(places.directory)).toEqual([]);
  });

  it.each(['nonsense\n', '{"action":"explode","regions":[]}\n', `${'x'.repeat(70_000)}`])(
    'survives a request such as %.30j',
    async (text) => {
      const places = await paths();
      await serve(places, async () => 'fine');
      const socket = connect(join(places.directory, 'control.sock'));
      socket.on('error', () => undefined);
      socket.resume().end(text);
      await new Promise((resolve) => socket.once('close', resolve));
      expect(await askPlanet(places, STATUS)).toBe('fine');
    },
  );
});
