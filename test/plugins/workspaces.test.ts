import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Screen } from '../../src/cli/terminal.ts';
import { type Person, Plugins } from './suite.ts';

let plugins: Plugins;
let admin: Person;

beforeAll(async () => {
  plugins = await Plugins.start({
    'alice-token': { name: 'alice', uid: 'a', groups: ['system:authenticated'], extra: {} },
  });
  admin = await plugins.person('admin');
  for (const path of ['org', 'org:team', 'org:team:deep', 'other']) {
    const [name = '', ...parents] = path.split(':').reverse();
    await admin.ok(['create', 'workspace', name, '-w', `:${['root', ...parents.reverse()].join(':')}`]);
  }
});

afterAll(() => plugins.stop());

function currentIs(path: string): string {
  return `Current workspace is "${path}".\n`;
}

describe('kubectl ws', () => {
  it.each([
    [':root:org', 'root:org'],
    ['team', 'root:org:team'],
    ['..', 'root:org'],
    ['team/deep', 'root:org:team:deep'],
    ['../..', 'root:org'],
    ['-', 'root:org:team:deep'],
    ['..:..:.', 'root:org'],
    [':', 'root'],
    ['-', 'root:org'],
    ['.', 'root:org'],
    ['use ..', 'root'],
    ['cd org', 'root:org'],
    ['current', 'root:org'],
  ])('goes to %s, which is %s, step by step', async (name, path) => {
    expect(await admin.run(`ws ${name}`)).toEqual({ code: 0, out: currentIs(path), err: '' });
    expect(await admin.ok('ws . --short')).toBe(`${path}\n`);
  });

  it('keeps the contexts that its user has made', async () => {
    await admin.ok('ws :root:other');
    const config = await admin.config();
    expect(config.contexts[0]).toEqual({ name: 'mine', context: { cluster: 'mine', user: 'admin' } });
    expect(config.clusters[0]).toMatchObject({
      name: 'mine',
      cluster: { server: `${plugins.server.url}/clusters/root` },
    });
    expect(config.contexts.map(({ name }) => name).sort()).toEqual([
      'mine',
      'workspace.kcp.io/current',
      'workspace.kcp.io/previous',
    ]);
  });

  it('goes home without an argument, and says that it does', async () => {
    await admin.ok('ws :root:other');
    const { code, out, err } = await admin.run(['ws']);
    expect([code, err]).toEqual([
      0,
      "Note: 'kubectl ws' now matches 'cd' semantics: go to home workspace. 'kubectl ws -' to go back. 'kubectl ws .' to print current workspace.\n",
    ]);
    const home = await admin.ok(['ws', '~']);
    expect(home).toBe(out);
    // A shell has put the home directory in the place of the tilde.
    expect(await admin.ok(['ws', '/people/nobody'])).toBe(home);
    expect(await admin.run(['ws', '--short'])).toEqual({
      code: 0,
      out: expect.stringMatching(/^\S+\n$/),
      err: '',
    });
    expect(await admin.ok('create workspace mine')).toBe('Workspace "mine" (type root:universal) created.\n');
    await admin.ok('ws :root');
    expect(await admin.ok(['ws', '~/mine'])).toMatch(/^Current workspace is "\S+:mine"\.\n$/);
  });

  it('takes a path from the root without a colon, and says how to write it', async () => {
    await admin.ok('ws :root:other');
    expect(await admin.run('ws root:org')).toEqual({
      code: 0,
      out: currentIs('root:org'),
      err: "Note: Using 'root:' to define an absolute path is no longer supported. Instead, use ':root' to specify an absolute path.\n",
    });
  });

  it('tells what does not exist, and what may have been meant', async () => {
    await admin.ok('ws :root:org');
    expect(await admin.run('ws taem')).toEqual({
      code: 3,
      out: '',
      err: 'error: workspace "root:org:taem" not found\nDid you mean "team"?\n',
    });
    expect(await admin.run('ws frobnicate')).toEqual({
      code: 3,
      out: '',
      err: 'error: workspace "root:org:frobnicate" not found\n',
    });
    expect(await admin.ok('ws .')).toBe(currentIs('root:org'));
  });

  it('tells somebody who may not enter just that, whether it exists or not', async () => {
    const alice = await plugins.person('alice', 'alice-token');
    expect(await alice.ok('ws .')).toBe(currentIs('root'));
    for (const name of [':root:org:team', ':root:org:nowhere']) {
      expect(await alice.run(`ws ${name}`)).toEqual({
        code: 4,
        out: '',
        err: `error: access to workspace "${name.slice(1)}" denied\n`,
      });
    }
    expect(await alice.run('ws -')).toEqual({
      code: 1,
      out: '',
      err: 'error: no previous workspace found in kubeconfig\n',
    });
  });

  it.each([
    ['ws ..:..', 'cannot go up from root'],
    ['ws ju:nk§', 'invalid workspace path: ju:nk§'],
    ['ws tree -w ..:..', 'cannot go above the root workspace'],
    ['ws tree -w a_b', 'invalid workspace path: a_b'],
  ])('refuses %s', async (line, message) => {
    await admin.ok('ws :root:org');
    await admin.ok('ws ..');
    expect(await admin.run(line)).toEqual({ code: 1, out: '', err: `error: ${message}\n` });
  });

  it('knows servers that are no workspaces', async () => {
    const server = ['--server', plugins.server.url];
    expect(await admin.ok(['ws', '.', ...server])).toBe(
      `Current workspace is the URL "${plugins.server.url}".\n`,
    );
    expect(await admin.ok(['ws', '.', '--short', ...server])).toBe('');
    expect(await admin.run(['ws', 'a', ...server])).toEqual({
      code: 1,
      out: '',
      err: `error: current URL "${plugins.server.url}" does not point to a workspace\n`,
    });
    expect(await admin.run(['ws', 'tree', ...server])).toEqual({
      code: 0,
      out: '',
      err: `current context URL "${plugins.server.url}" does not point directly to a kcp workspace\n`,
    });
  });

  it('says the same to programs', async () => {
    expect(JSON.parse(await admin.ok('ws :root:org -o json'))).toEqual({
      path: 'root:org',
      url: `${plugins.server.url}/clusters/root:org`,
      type: 'root:organization',
    });
    expect(await admin.ok('ws current -o yaml')).toBe(
      `path: root:org\nurl: ${plugins.server.url}/clusters/root:org\n`,
    );
  });
});

describe('kubectl ws tree', () => {
  const withoutOthers = (text: string): string =>
    text
      .split('\n')
      .filter((line) => !/made-|ctx-/.test(line))
      .join('\n');

  it('draws the tree', async () => {
    await admin.ok('ws :root:org');
    expect(await admin.ok('ws tree')).toBe('org\n└── team\n    └── deep\n');
    expect(await admin.ok('ws tree -f')).toBe('root:org\n└── root:org:team\n    └── root:org:team:deep\n');
    expect(withoutOthers(await admin.ok('ws tree -w ..'))).toContain(
      'root\n├── org\n│   └── team\n│       └── deep\n',
    );
  });

  it('shows phases beside it', async () => {
    await admin.ok('ws :root:org');
    expect(await admin.ok('ws tree --wide')).toBe(
      'org           ws=-      lc=Ready\n└── team      ws=Ready  lc=Ready\n    └── deep  ws=Ready  lc=Ready\n',
    );
  });

  it('is a tree to programs too', async () => {
    await admin.ok('ws :root:org');
    expect(JSON.parse(await admin.ok('ws tree -o json'))).toEqual({
      name: 'org',
      path: 'root:org',
      children: [
        {
          name: 'team',
          path: 'root:org:team',
          cluster: expect.any(String),
          type: 'root:universal',
          phase: 'Ready',
          children: [expect.objectContaining({ name: 'deep', path: 'root:org:team:deep', children: [] })],
        },
      ],
    });
  });

  it('can be walked with the keys, and lets one enter a workspace', async () => {
    await admin.ok('ws :root:org');
    const screen = new Keys([RIGHT, DOWN, RIGHT, DOWN, ENTER]);
    const { code, out } = await admin.run('ws -i', { screen });
    expect([code, out]).toEqual([0, currentIs('root:org:team:deep')]);
    expect(screen.text).toContain('▼ team');
    expect(screen.isListening).toBe(false);
    const quitting = new Keys(['q']);
    expect(await admin.run('ws tree -i', { screen: quitting })).toEqual({ code: 0, out: '', err: '' });
    expect(quitting.text.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(await admin.run('ws -i')).toEqual({
      code: 1,
      out: '',
      err: 'error: the interactive mode needs a terminal\n',
    });
  });
});

const [RIGHT, DOWN, ENTER] = ['\u001b[C', '\u001b[B', '\r'];

/** A terminal at which somebody presses keys, each when the one before it has taken effect. */
class Keys implements Screen {
  text = '';
  isListening = false;
  readonly #keys: string[];
  #listener: { key(sequence: string): void } | undefined;

  constructor(keys: readonly string[]) {
    this.#keys = [...keys];
  }

  size() {
    return { columns: 80, rows: 24 };
  }

  write(text: string): void {
    this.text += text;
    // Something is drawn after every key, and once more when what it waited for has come.
    if (!text.includes('Loading') && text.startsWith('\u001b[H')) setImmediate(() => this.#press());
  }

  listen(listener: { key(sequence: string): void; resize(): void }): () => void {
    this.#listener = listener;
    this.isListening = true;
    return () => {
      this.#listener = undefined;
      this.isListening = false;
    };
  }

  #press(): void {
    const key = this.#keys.shift();
    if (key !== undefined) this.#listener?.key(key);
  }
}

describe('kubectl create workspace', () => {
  it('says one line of a workspace that is ready at once', async () => {
    await admin.ok('ws :root');
    expect(await admin.ok('create workspace made-1')).toBe(
      'Workspace "made-1" (type root:organization) created.\n',
    );
    expect(await admin.ok('ws create made-2 --type root:Universal')).toBe(
      'Workspace "made-2" (type root:universal) created.\n',
    );
    expect(await admin.ok('create workspace made-3 --enter')).toBe(
      `Workspace "made-3" (type root:organization) created.\n${currentIs('root:made-3')}`,
    );
  });

  it('refuses what exists, unless it does not matter', async () => {
    await admin.ok('ws :root');
    const again = await admin.run('create workspace org');
    expect([again.code, again.out]).toEqual([5, '']);
    expect(again.err).toBe('error: workspaces.tenancy.kcp.io "org" already exists\n');
    const exists = 'Workspace "org" (type root:organization) already exists.\n';
    expect(await admin.ok('create workspace org --ignore-existing')).toBe(exists);
    expect(await admin.ok('create workspace org --ignore-existing --type root:organization')).toBe(exists);
    expect(await admin.run('create workspace org --ignore-existing --type root:universal')).toEqual({
      code: 5,
      out: '',
      err: 'error: workspace "org" cannot be created with type root:universal, it already exists with different type root:organization\n',
    });
  });

  it('waits for a workspace that nobody has to wait for forever', async () => {
    await admin.ok('ws :root');
    const type = {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name: 'slow' },
      spec: { initializer: true },
    };
    await plugins.client.create('/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes', type);
    const created = admin.ok('create workspace made-4 --type root:slow');
    const place = '/clusters/root:made-4/apis/core.kcp.io/v1alpha1/logicalclusters/cluster';
    await plugins.client.until(place, ({ status }) => /Initializing/.test(JSON.stringify(status)));
    await plugins.client.patch(`${place}/status`, { status: { initializers: [] } });
    expect(await created).toBe(
      'Workspace "made-4" (type root:slow) created. Waiting for it to be ready...\n' +
        'Workspace "made-4" (type root:slow) is ready to use.\n',
    );
  });

  it('makes contexts', async () => {
    await admin.ok('ws :root');
    expect(await admin.ok('create workspace ctx-1 --create-context one')).toBe(
      'Workspace "ctx-1" (type root:organization) created.\nCreated context "one".\n',
    );
    expect(await admin.ok('ws .')).toBe(currentIs('root'));
    expect(await admin.ok('ws . --context one')).toBe(currentIs('root:ctx-1'));
    expect(await admin.ok('create workspace ctx-1 --ignore-existing --create-context one --enter')).toBe(
      'Workspace "ctx-1" (type root:organization) already exists.\nUpdated context "one" and switched to it.\n',
    );
    expect(await admin.ok('ws .')).toBe(currentIs('root:ctx-1'));
    expect(await admin.ok('ws create-context')).toBe('Created context "root:ctx-1" and switched to it.\n');
    expect(await admin.run('ws create-context one')).toEqual({
      code: 5,
      out: '',
      err: 'error: context "one" already exists in kubeconfig, use --overwrite to update it\n',
    });
    expect(await admin.ok('ws create-context one --overwrite')).toBe(
      'Updated context "one" and switched to it.\n',
    );
    expect(await admin.ok('ws create-context one --overwrite')).toBe('Updated context "one".\n');
  });

  it('gives programs the object', async () => {
    const workspace = JSON.parse(await admin.ok('create workspace made-5 -w :root --enter -o json'));
    expect(workspace).toMatchObject({
      kind: 'Workspace',
      metadata: { name: 'made-5' },
      spec: {
        type: { name: 'organization', path: 'root' },
        URL: expect.stringMatching(/\/clusters\/root:made-5$/),
      },
      status: { phase: 'Ready' },
    });
    expect(await admin.ok('ws .')).toBe(currentIs('root:made-5'));
  });

  it('sends the labels of the shards that are wanted', async () => {
    const line = [
      'create',
      'workspace',
      'made-6',
      '-w',
      ':root',
      '--location-selector',
      'name in (root)',
      '-o',
      'json',
    ];
    expect(JSON.parse(await admin.ok(line))).toMatchObject({
      spec: {
        location: { selector: { matchExpressions: [{ key: 'name', operator: 'In', values: ['root'] }] } },
      },
    });
  });
});

describe('the completion of kubectl', () => {
  const complete = async (file: string, ...words: readonly string[]): Promise<readonly string[]> => {
    const { code, out, err } = await admin.runFile(`kubectl_complete-${file}`, words);
    expect([code, err]).toEqual([0, '']);
    return out.trimEnd().split('\n');
  };

  it('offers commands and workspaces', async () => {
    await admin.ok('ws :root');
    const offered = await complete('ws', '');
    expect(offered).toEqual(
      expect.arrayContaining(['org', 'other', 'tree\tPrint the workspaces below the current one']),
    );
    expect(offered.at(-1)).toBe(':6');
    expect(await complete('ws', 'org:t')).toEqual(['org:team', ':6']);
    expect(await complete('ws', 'use', ':root:org:')).toEqual([':root:org:team', ':6']);
    expect(await complete('ws', ':')).toEqual([':root', ':6']);
    expect(await complete('ws', 'tree', '-w', 'or')).toEqual(['org', ':6']);
    expect(await complete('kcp', 'ws', 'org/team/')).toEqual(['org/team/deep', ':6']);
  });

  it('offers commands, flags and their values', async () => {
    expect(await complete('kcp', 'cl')).toEqual([expect.stringMatching(/^claims\t/), ':4']);
    expect(await complete('ws', 'tree', '--wi')).toEqual([expect.stringMatching(/^--wide\t/), ':4']);
    expect(await complete('ws', 'tree', '-o', '')).toEqual(['json', 'yaml', ':4']);
    expect(await complete('ws', '--kubeconfig', '')).toEqual([':0']);
  });

  it('offers nothing, and says nothing, when it cannot know', async () => {
    expect(await complete('ws', '--server', 'https://127.0.0.1:1/clusters/root', '')).toEqual(
      expect.arrayContaining([':6']),
    );
    expect(await complete('ws', '--kubeconfig', '/nowhere', 'x')).toEqual([':5']);
    expect(await complete('ws', 'a', 'b')).toEqual([':4']);
  });
});
