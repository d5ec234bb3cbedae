import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ADMIN, filesOf } from './kubeconfig.suite.ts';
import { KubeconfigFile } from './kubeconfig-file.ts';

async function fileOf(text: string): Promise<KubeconfigFile> {
  return KubeconfigFile.read((await filesOf(text))[0] ?? '');
}

/** Puts a changed copy of a cluster under another name. */
function copyCluster(file: KubeconfigFile, names: { from: string; to: string }, server: string): void {
  const copy = file.copyEntry('clusters', names.from);
  if (copy === undefined) throw new Error(`no cluster ${names.from}`);
  copy.set('server', server);
  file.putEntry('clusters', names.to, copy);
}

describe('a kubeconfig file', () => {
  it('is read with its scalars as they stand there', async () => {
    const file = await fileOf(ADMIN);
    expect(file.currentContext).toBe('root');
    expect(file.names('clusters')).toEqual(['root', 'other']);
    expect(file.entry('users', 'admin')).toEqual({ token: '0123456789' });
    expect(file.entry('users', 'nobody')).toBeUndefined();
  });

  it('keeps comments, unknown fields and the order of all that is not changed', async () => {
    const file = await fileOf(ADMIN);
    copyCluster(file, { from: 'root', to: 'new' }, 'https://one:6443/clusters/root:a');
    file.setCurrentContext('new');
    const added = `- cluster:
    certificate-authority-data: Y2E=
    extensions:
    - name: a # kept for others
      extension: { b: 1 }
    server: https://one:6443/clusters/root:a
  name: new
`;
    const before = ADMIN.replaceAll('{b: 1}', '{ b: 1 }').replace(
      '{cluster: root, user: admin, namespace: x}',
      '{ cluster: root, user: admin, namespace: x }',
    );
    expect(file.toText()).toBe(
      before
        .replace('contexts:\n', `${added}contexts:\n`)
        .replace('current-context: root', 'current-context: new'),
    );
  });

  it('keeps lists indented where their author indents them', async () => {
    const text = 'clusters:\n  - name: a\n    cluster:\n      server: https://x\n';
    const file = await fileOf(text);
    expect(file.toText()).toBe(text);
    copyCluster(file, { from: 'a', to: 'b' }, 'https://y');
    expect(file.toText()).toBe(`${text}  - cluster:\n      server: https://y\n    name: b\n`);
  });

  it.each(['', '# nothing yet\n', 'clusters: []\ncontexts: null\n', '{}\n'])(
    'takes entries into %j',
    async (text) => {
      const source = await fileOf(ADMIN);
      const file = await fileOf(text);
      const copy = source.copyEntry('contexts', 'root');
      if (copy === undefined) throw new Error('no context');
      file.putEntry('contexts', 'c', copy);
      file.setCurrentContext('c');
      expect(parse(file.toText())).toMatchObject({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'root', user: 'admin', namespace: 'x' } }],
      });
    },
  );

  it('leaves a file that is JSON in JSON’s form', async () => {
    const file = await fileOf(
      '{"clusters":[{"name":"a","cluster":{"server":"https://x"}}],"current-context":"a"}',
    );
    copyCluster(file, { from: 'a', to: 'b' }, 'https://y');
    expect(parse(file.toText())).toEqual({
      clusters: [
        { name: 'a', cluster: { server: 'https://x' } },
        { name: 'b', cluster: { server: 'https://y' } },
      ],
      'current-context': 'a',
    });
    expect(file.toText().trimStart().startsWith('{')).toBe(true);
  });

  it('copies what an alias stands for, so that changing the copy changes nothing else', async () => {
    const file = await fileOf(
      'clusters:\n- name: a\n  cluster: &c\n    server: https://x\n- name: b\n  cluster: *c\n',
    );
    expect(file.entry('clusters', 'b')).toEqual({});
    copyCluster(file, { from: 'a', to: 'c' }, 'https://y');
    expect(parse(file.toText()).clusters).toEqual([
      { name: 'a', cluster: { server: 'https://x' } },
      { name: 'b', cluster: { server: 'https://x' } },
      { name: 'c', cluster: { server: 'https://y' } },
    ]);
  });

  it('says what is wrong with a file that is no kubeconfig', async () => {
    await expect(fileOf('clusters: [')).rejects.toThrow(/config-0 is no kubeconfig: /);
    await expect(fileOf('- a\n')).rejects.toThrow(/config-0 is no kubeconfig: it is not a mapping$/);
  });

  it('writes names so that every reader takes them for text', async () => {
    const name = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom(
        'yes',
        'No',
        '123',
        '0x1f',
        '~',
        'null',
        '1e3',
        '12:30:45',
        '#a',
        'a: b',
        '- a',
        'root:a:b',
        'true',
      ),
    );
    const source = await fileOf(ADMIN);
    await fc.assert(
      fc.asyncProperty(name, async (text) => {
        const copy = source.copyEntry('contexts', 'other');
        if (copy === undefined) throw new Error('no context');
        copy.set('cluster', text);
        const file = await fileOf('');
        file.putEntry('contexts', text, copy);
        file.setCurrentContext(text);
        for (const version of ['1.1', '1.2'] as const) {
          expect(parse(file.toText(), { version })).toMatchObject({
            'current-context': text,
            contexts: [{ name: text, context: { cluster: text, user: 'admin' } }],
          });
        }
      }),
      { numRuns: 60 },
    );
  });
});
