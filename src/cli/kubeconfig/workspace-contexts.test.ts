import { chmod, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { changeKubeconfig } from './change.ts';
import { ADMIN, filesOf, temporaryFolder } from './kubeconfig.suite.ts';
import { Kubeconfig, kubeconfigPaths } from './kubeconfig.ts';
import { createContext, enterServer, swapContexts } from './workspace-contexts.ts';

const root = { context: 'root', cluster: 'root', user: 'admin' };
const current = { context: 'workspace.kcp.io/current', cluster: 'workspace.kcp.io/current', user: 'admin' };

async function read(path: string): Promise<{ servers: object; contexts: object; current: unknown }> {
  const config = parse(await readFile(path, 'utf8'));
  const named = (list: readonly { name: string }[] | undefined, member: string) =>
    Object.fromEntries((list ?? []).map((item) => [item.name, (item as Record<string, unknown>)[member]]));
  const clusters = named(config.clusters, 'cluster') as Record<string, { server: string }>;
  return {
    servers: Object.fromEntries(Object.entries(clusters).map(([name, { server }]) => [name, server])),
    contexts: named(config.contexts, 'context'),
    current: config['current-context'],
  };
}

describe('the contexts of workspaces', () => {
  it('are made on entering one, with the user of the context in use', async () => {
    const [path = ''] = await filesOf(ADMIN);
    const places = { explicitPath: path, environment: {} };
    await enterServer(places, { context: root, server: 'https://one:6443/clusters/root:a' });
    expect(await read(path)).toEqual({
      servers: {
        root: 'https://one:6443/clusters/root',
        other: 'https://two/',
        'workspace.kcp.io/current': 'https://one:6443/clusters/root:a',
      },
      contexts: {
        root: { cluster: 'root', user: 'admin', namespace: 'x' },
        other: { cluster: 'other', user: 'admin' },
        'workspace.kcp.io/previous': { cluster: 'root', user: 'admin', namespace: 'x' },
        'workspace.kcp.io/current': { cluster: 'workspace.kcp.io/current', user: 'admin', namespace: 'x' },
      },
      current: 'workspace.kcp.io/current',
    });
  });

  it('move on from workspace to workspace, and remember one', async () => {
    const [path = ''] = await filesOf(ADMIN);
    const places = { explicitPath: path, environment: {} };
    await enterServer(places, { context: root, server: 'https://one:6443/clusters/root:a' });
    await enterServer(places, { context: current, server: 'https://one:6443/clusters/root:b' });
    expect(await read(path)).toMatchObject({
      servers: {
        'workspace.kcp.io/current': 'https://one:6443/clusters/root:b',
        'workspace.kcp.io/previous': 'https://one:6443/clusters/root:a',
      },
      contexts: {
        'workspace.kcp.io/current': { cluster: 'workspace.kcp.io/current' },
        'workspace.kcp.io/previous': { cluster: 'workspace.kcp.io/previous' },
      },
    });
    await swapContexts(places, current);
    const swapped = await read(path);
    expect(swapped).toMatchObject({
      servers: {
        'workspace.kcp.io/current': 'https://one:6443/clusters/root:a',
        'workspace.kcp.io/previous': 'https://one:6443/clusters/root:b',
      },
    });
    await swapContexts(places, current);
    await swapContexts(places, current);
    expect(await read(path)).toEqual(swapped);
  });

  it('go back to a context of another name without a copy of its cluster', async () => {
    const [path = ''] = await filesOf(ADMIN);
    const places = { explicitPath: path, environment: {} };
    const other = { context: 'other', cluster: 'other', user: 'admin' };
    await enterServer(places, { context: other, server: 'https://one:6443/clusters/root:a' });
    await swapContexts(places, current);
    expect(await read(path)).toMatchObject({
      servers: { 'workspace.kcp.io/previous': 'https://one:6443/clusters/root:a', other: 'https://two/' },
      contexts: {
        'workspace.kcp.io/current': { cluster: 'other', user: 'admin' },
        'workspace.kcp.io/previous': { cluster: 'workspace.kcp.io/previous', user: 'admin' },
      },
      current: 'workspace.kcp.io/current',
    });
  });

  it('refuse to go back to nothing', async () => {
    const [path = ''] = await filesOf(ADMIN);
    const places = { explicitPath: path, environment: {} };
    await expect(swapContexts(places, root)).rejects.toThrow('no previous workspace found in kubeconfig');
    expect(await readFile(path, 'utf8')).toBe(ADMIN);
  });

  it('of a name that its user chose are replaced only when that is asked for', async () => {
    const [path = ''] = await filesOf(ADMIN);
    const places = { explicitPath: path, environment: {} };
    const wanted = {
      context: root,
      name: 'other',
      server: 'https://new/clusters/root',
      overwrites: false,
      enters: true,
    };
    await expect(createContext(places, wanted)).rejects.toThrow(
      'context "other" already exists in kubeconfig, use --overwrite to update it',
    );
    expect(await readFile(path, 'utf8')).toBe(ADMIN);
    expect(await createContext(places, { ...wanted, overwrites: true, enters: false })).toBe('updated');
    expect(await read(path)).toMatchObject({
      servers: { other: 'https://new/clusters/root' },
      current: 'root',
    });
    expect(await createContext(places, { ...wanted, name: 'mine' })).toBe('created');
    expect(await read(path)).toMatchObject({
      contexts: { mine: { cluster: 'mine', user: 'admin' } },
      current: 'mine',
    });
  });
});

describe('several kubeconfigs', () => {
  const [FIRST, SECOND] = [
    'current-context: b\ncontexts:\n- name: a\n  context: {cluster: a, user: u}\n',
    `contexts:\n- name: b\n  context: {cluster: b, user: u}\n- name: a\n  context: {cluster: hidden}\nclusters:\n- name: b\n  cluster: {server: "https://b/clusters/root", certificate-authority: ca.crt}\n`,
  ];

  it('are one, in which the first to say something counts', async () => {
    const paths = await filesOf(FIRST, SECOND);
    const config = await Kubeconfig.load({
      environment: { KUBECONFIG: ['', ...paths, paths[0]].join(delimiter) },
    });
    expect(config.files).toHaveLength(2);
    expect(config.currentContext).toBe('b');
    expect(config.entry('contexts', 'a')?.fields).toEqual({ cluster: 'a', user: 'u' });
    expect(config.names('contexts')).toEqual(['a', 'b']);
  });

  it('are written where the changed entries are, and the current context where kubectl writes it', async () => {
    const [first = '', second = ''] = await filesOf(FIRST, SECOND);
    const places = { environment: { KUBECONFIG: [first, second].join(delimiter) } };
    await enterServer(places, {
      context: { context: 'b', cluster: 'b', user: 'u' },
      server: 'https://b/clusters/root:x',
    });
    expect(await read(first)).toMatchObject({ servers: {}, current: 'workspace.kcp.io/current' });
    expect(await read(second)).toMatchObject({
      servers: { 'workspace.kcp.io/current': 'https://b/clusters/root:x' },
      current: undefined,
    });
  });

  it('keep relative paths meaning the same files when an entry moves to another folder', async () => {
    const [first = ''] = await filesOf(
      'clusters:\n- name: workspace.kcp.io/current\n  cluster: {server: x}\n',
    );
    const [second = ''] = await filesOf(`current-context: b\n${SECOND}`);
    const places = { environment: { KUBECONFIG: [first, second].join(delimiter) } };
    await enterServer(places, {
      context: { context: 'b', cluster: 'b', user: 'u' },
      server: 'https://b/clusters/root:x',
    });
    const config = await Kubeconfig.load(places);
    expect(config.entry('clusters', 'workspace.kcp.io/current')?.fields).toEqual({
      server: 'https://b/clusters/root:x',
      'certificate-authority': join(second, '../ca.crt'),
    });
  });

  it('are looked for where kubectl looks', () => {
    expect(kubeconfigPaths({ environment: { HOME: '/h' } })).toEqual(['/h/.kube/config']);
    expect(kubeconfigPaths({ environment: { HOME: '/h', KUBECONFIG: '/a:/b' } })).toEqual(['/a', '/b']);
    expect(kubeconfigPaths({ explicitPath: '/c', environment: { KUBECONFIG: '/a' } })).toEqual(['/c']);
    expect(kubeconfigPaths({ environment: {} })).toEqual([]);
  });

  it('are needed when one is named', async () => {
    await expect(Kubeconfig.load({ explicitPath: '/nowhere/config', environment: {} })).rejects.toThrow(
      'the kubeconfig /nowhere/config does not exist',
    );
  });
});

describe('changing a kubeconfig', () => {
  it('keeps the mode of the file, and a link a link', async () => {
    const folder = await temporaryFolder();
    const [target, link] = [join(folder, 'target'), join(folder, 'link')];
    await writeFile(target, ADMIN);
    await chmod(target, 0o640);
    await symlink('target', link);
    await changeKubeconfig({ explicitPath: link, environment: {} }, (config) =>
      config.setCurrentContext('other'),
    );
    expect(await readlink(link)).toBe('target');
    expect((await stat(target)).mode & 0o777).toBe(0o640);
    expect(await readFile(target, 'utf8')).toContain('current-context: other');
  });

  it('makes a new file that only its owner can read', async () => {
    const path = join(await temporaryFolder(), 'new', 'config');
    const [source = ''] = await filesOf(ADMIN);
    const places = { environment: { KUBECONFIG: `${path}:${source}` } };
    await changeKubeconfig(places, (config) => config.files[0]?.setCurrentContext('other'));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(parse(await readFile(path, 'utf8'))).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'other',
    });
  });

  it('loses nothing when many change it at once, and leaves no lock behind', async () => {
    const [path = ''] = await filesOf(ADMIN);
    const places = { explicitPath: path, environment: {} };
    const names = Array.from({ length: 20 }, (_, index) => `context-${index}`);
    await Promise.all(
      names.map((name) =>
        createContext(places, {
          context: root,
          name,
          server: `https://s/clusters/${name}`,
          overwrites: false,
          enters: true,
        }),
      ),
    );
    expect(Object.keys((await read(path)).contexts)).toEqual(expect.arrayContaining(names));
    await expect(stat(`${path}.lock`)).rejects.toThrow('ENOENT');
  });

  it('leaves the file as it was when the change fails', async () => {
    const [path = ''] = await filesOf(ADMIN);
    const places = { explicitPath: path, environment: {} };
    const failing = changeKubeconfig(places, (config) => {
      config.setCurrentContext('other');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await readFile(path, 'utf8')).toBe(ADMIN);
    await expect(stat(`${path}.lock`)).rejects.toThrow('ENOENT');
  });
});
