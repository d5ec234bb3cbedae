import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Client } from '../http/client.ts';
import { freePort, type ServerOptions, type ServerProcess, startServer } from '../support/server.ts';
import { onlyLine, start, startWithoutRights } from './command.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

describe('antipode start', () => {
  it('refuses a directory that another one uses, which goes on undisturbed', async () => {
    const first = await serve();
    const result = await start(['--root-directory', first.rootDirectory, '--secure-port', '0']);
    expect(result.code).toBe(5);
    expect(onlyLine(result)).toBe(
      `another antipode (process ${first.pid}) is using ${first.rootDirectory}; stop it, or choose another directory with --root-directory`,
    );
    await expectWorking(first);
    await first.kill('SIGTERM');
    await expectWorking(await serve({ rootDirectory: first.rootDirectory }));
  });

  it('refuses a port that is taken, and starts in the same directory on another one', async () => {
    const first = await serve();
    const rootDirectory = join(await scratch(), 'second');
    const result = await start(['--root-directory', rootDirectory, '--secure-port', String(first.port)]);
    expect(result.code).toBe(5);
    expect(onlyLine(result)).toBe(
      `127.0.0.1:${first.port} is in use by another program: choose a port with --secure-port`,
    );
    await expectWorking(first);
    await expectWorking(await serve({ rootDirectory }));
  });

  it('refuses admission plugins that there are not, and leaves the directory alone', async () => {
    const rootDirectory = join(await scratch(), 'never');
    const result = await start(['--root-directory', rootDirectory, '--enable-admission-plugins', 'PodQuota']);
    expect(result.code).toBe(2);
    expect(onlyLine(result)).toMatch(
      /^--enable-admission-plugins names "PodQuota", which is no admission plugin; those that have something to do are NamespaceLifecycle, /,
    );
    await expect(readdir(rootDirectory)).rejects.toThrow('ENOENT');
  });

  it('does not let a taken port change the kubeconfig of the server before it', async () => {
    const first = await serve();
    await first.kill('SIGTERM');
    const before = await readFile(first.kubeconfig, 'utf8');
    const { port, close } = await occupy();
    const result = await start(['--root-directory', first.rootDirectory, '--secure-port', String(port)]);
    close();
    expect(result.code).toBe(5);
    expect(await readFile(first.kubeconfig, 'utf8')).toBe(before);
    await expectWorking(await serve({ rootDirectory: first.rootDirectory, port: first.port }));
  });

  it('refuses a file in the place of its directory, and leaves it as it is', async () => {
    const file = join(await scratch(), 'file');
    await writeFile(file, 'mine');
    const result = await start(['--root-directory', file, '--secure-port', '0']);
    expect(result.code).toBe(1);
    expect(onlyLine(result)).toBe(
      `cannot use ${file} as the root directory: it is a file, not a directory; choose another with --root-directory`,
    );
    expect(await readFile(file, 'utf8')).toBe('mine');
    await rm(file);
    await expectWorking(await serve({ rootDirectory: file }));
  });

  it('refuses a directory below a file', async () => {
    const file = join(await scratch(), 'file');
    await writeFile(file, 'mine');
    const result = await start(['--root-directory', join(file, 'data'), '--secure-port', '0']);
    expect(result.code).toBe(1);
    expect(onlyLine(result)).toContain(`${file} is a file, not a directory`);
  });

  it('refuses a file in the place of the database', async () => {
    const directory = await scratch();
    await writeFile(join(directory, 'data'), 'mine');
    const result = await start(['--root-directory', directory, '--secure-port', '0']);
    expect(result.code).toBe(1);
    expect(onlyLine(result)).toContain(join(directory, 'data'));
    expect(await readFile(join(directory, 'data'), 'utf8')).toBe('mine');
    await rm(join(directory, 'data'));
    await expectWorking(await serve({ rootDirectory: directory }));
  });

  it.skipIf(process.platform !== 'linux')('refuses a place where nobody can make directories', async () => {
    const result = await start(['--root-directory', '/proc/antipode', '--secure-port', '0']);
    expect(result.code).not.toBe(0);
    expect(onlyLine(result)).toContain('/proc/antipode');
  });

  it('refuses a directory that it may not read or write', async () => {
    const parent = await scratch();
    await chmod(parent, 0o755);
    for (const mode of [0o500, 0o300, 0]) {
      const directory = join(parent, `mode-${mode}`);
      await mkdir(directory);
      await chmod(directory, mode);
      const result = await startWithoutRights(['--root-directory', directory, '--secure-port', '0']);
      await chmod(directory, 0o700);
      if (result === undefined) return console.log('not tested: another user cannot run the program here');
      expect(result.code).toBe(4);
      expect(onlyLine(result)).toContain('may not read and write it');
      expect(await readdir(directory)).toEqual([]);
      await expectWorking(await serve({ rootDirectory: directory }));
    }
  });

  it('refuses an address that this machine does not have', async () => {
    const directory = join(await scratch(), 'root');
    // TEST-NET-3, which no machine has.
    const address = ['--bind-address', '203.0.113.1'];
    const result = await start(['--root-directory', directory, '--secure-port', '0', ...address]);
    expect(result.code).toBe(2);
    expect(onlyLine(result)).toBe('this machine has no address 203.0.113.1: choose another --bind-address');
    await expectWorking(await serve({ rootDirectory: directory }));
  });

  it.each([
    [['--secure-port', 'x'], '--secure-port takes a number from 0 to 65535, but "x" is none'],
    [['--secure-port', '65536'], '--secure-port takes a number from 0 to 65535'],
    [['--bind-address', 'localhost'], '--bind-address takes an IP address'],
    [['--region', 'Not A Region'], '--region takes a name'],
    [['--log-level', 'loud'], '--log-level'],
    [['--root-directry', 'x'], '--root-directry'],
    [['extra'], 'extra'],
    [['--join', 'token'], '--join needs --nats'],
    [['--secure-port'], '--secure-port'],
  ])('refuses %j in one line before it touches anything', async (flags, message) => {
    const directory = join(await scratch(), 'root');
    const result = await start(['--root-directory', directory, ...flags]);
    expect(result.code).toBe(2);
    expect(onlyLine(result)).toContain(message);
    await expect(readdir(directory)).rejects.toThrow('ENOENT');
  });

  it.each(['ca.crt', 'apiserver.crt'])(
    'replaces or refuses a damaged %s, but never drops data for it',
    async (name) => {
      const first = await serve();
      await new Client(first).create(CONFIG_MAPS, { metadata: { name: 'kept' } });
      await first.kill('SIGTERM');
      const path = join(first.rootDirectory, name);
      const before = await readFile(path, 'utf8');
      await writeFile(path, 'damaged');
      if (name === 'ca.crt') {
        const result = await start(['--root-directory', first.rootDirectory, '--secure-port', '0']);
        expect(result.code).toBe(1);
        expect(onlyLine(result)).toContain('are not a usable CA certificate and its key');
        expect(await readFile(path, 'utf8')).toBe('damaged');
        await writeFile(path, before);
      }
      const second = await serve({ rootDirectory: first.rootDirectory });
      const client = new Client(second);
      expect((await client.call(`${CONFIG_MAPS}/kept`)).status).toBe(200);
      client.close();
      expect(second.ca).toBe(first.ca);
    },
  );
});

async function serve(options: ServerOptions = {}): Promise<ServerProcess> {
  const server = await startServer(options);
  onTestFinished(async () => void (await server.stop()));
  return server;
}

async function expectWorking(server: ServerProcess): Promise<void> {
  const client = new Client(server);
  const created = await client.create(CONFIG_MAPS, { metadata: { generateName: 'works-' } });
  expect((await client.get(`${CONFIG_MAPS}/${created.metadata.name}`)).metadata.uid).toBe(
    created.metadata.uid,
  );
  client.close();
}

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-start-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Some other program on a port. */
async function occupy(): Promise<{ readonly port: number; close(): void }> {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { port, close: () => server.close() };
}
