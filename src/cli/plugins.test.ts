import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Command } from './command.ts';
import { parseInvocation } from './invocation.ts';
import { runPlugin } from './plugin-main.ts';
import { plugins } from './plugins.ts';
import { route, type Target } from './program.ts';
import { recordingTerminal } from './terminal.suite.ts';

async function run(file: string, ...argumentList: readonly string[]) {
  const terminal = recordingTerminal({ environment: { KUBECONFIG: '/nowhere/config' } });
  const code = await runPlugin(file, argumentList, terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

interface Leaf {
  readonly file: string;
  readonly words: readonly string[];
  readonly title: string;
  readonly summary: string | undefined;
  readonly command: Command;
}

/** Every command of every plugin. */
async function leaves(): Promise<readonly Leaf[]> {
  const walk = async (
    file: string,
    title: string,
    target: Target,
    words: readonly string[],
    summary?: string,
  ): Promise<Leaf[]> => {
    if (target.kind === 'command') return [{ file, words, title, summary, command: await target.load() }];
    const group = await target.load();
    const own =
      group.fallback === undefined ? [] : [{ file, words, title, summary, command: await group.fallback() }];
    const below = await Promise.all(
      group.entries.flatMap(({ name, aliases = [], summary: text, target: next }) =>
        [name, ...aliases].map((word) => walk(file, `${title} ${word}`, next, [...words, word], text)),
      ),
    );
    return [...own, ...below.flat()];
  };
  return (await Promise.all(plugins.map(({ file, title, target }) => walk(file, title, target, [])))).flat();
}

const all = await leaves();

describe('the plugins', () => {
  it.each(all)('explain $title', async ({ file, words, title, command }) => {
    const { code, out, err } = await run(file, ...words, '--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`Usage: ${title} ${command.usage}`);
    expect(out).toMatch(/Examples:\n {2}# .+\n {2}.*kubectl/);
    if (command.connects === true) expect(out).toContain('--kubeconfig FILE');
  });

  it.each(all)('have summaries that agree with what $title loads', ({ summary, command }) => {
    if (summary !== undefined) expect(summary).toBe(command.summary);
  });

  it.each(all)('give every example of $title flags and arguments that are accepted', async ({ command }) => {
    expect(command.examples.length).toBeGreaterThan(0);
    for (const { line } of command.examples) {
      const words =
        /kubectl ((?:ws|kcp|bind|create)\b[^)|]*)$/.exec(line.replace(/\).*$/, ''))?.[1]?.trim().split(' ') ??
        [];
      const plugin = plugins
        .map(({ title, target }) => ({ target, names: title.split(' ').slice(1), title }))
        .find(({ names }) => names.every((name, index) => words[index] === name));
      if (plugin === undefined) throw new Error(`no plugin for: ${line}`);
      const reached = await route(plugin.title, plugin.target, words.slice(plugin.names.length));
      if (reached.kind !== 'command') throw new Error(`no command for: ${line}`);
      expect(() => parseInvocation(reached.command, reached.rest, reached.title)).not.toThrow();
      expect(reached.command.examples).toBe(command.examples);
    }
  });

  it('are the files that the build makes and package.json names', () => {
    const script = readFileSync(fileURLToPath(new URL('../../deploy/link-bin.mjs', import.meta.url)), 'utf8');
    const made = [...script.matchAll(/'(kubectl-[a-z-]+)'/g)].map((found) => found[1]);
    expect(made).toEqual(plugins.map(({ file }) => file));
    const completions = [...script.matchAll(/'(kubectl_complete-[a-z-]+)'/g)].map((found) => found[1]);
    const description: unknown = JSON.parse(
      readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
    );
    expect(description).toMatchObject({
      bin: Object.fromEntries(
        ['antipode', ...made, ...completions].map((name) => [name, `dist/bin/${name}`]),
      ),
    });
  });

  it.each([
    ['kubectl-kcp', [], 0],
    ['kubectl-kcp', ['--help'], 0],
    ['kubectl-kcp', ['help'], 0],
    ['kubectl-kcp', ['claims'], 0],
    ['kubectl-kcp', ['claims', 'get', '-h'], 0],
  ] as const)('list what %s %j needs next', async (file, words, code) => {
    const result = await run(file, ...words);
    expect(result).toMatchObject({ code, err: '' });
    expect(result.out).toMatch(/\nCommands:\n {2}\S+/);
  });

  it.each([
    ['kubectl-kcp', ['bnd'], 'kubectl kcp has no command "bnd"; did you mean "bind"?'],
    [
      'kubectl-kcp',
      ['claims', 'approve'],
      'kubectl kcp claims has no command "approve"; see kubectl kcp claims --help',
    ],
    ['kubectl-ws', ['a', 'b'], 'kubectl ws takes no argument "b"; see kubectl ws --help'],
    ['kubectl-ws', ['tree', '--wied'], 'kubectl ws tree has no flag --wied; did you mean --wide?'],
    ['kubectl-ws', ['-i', 'a'], 'interactive mode does not accept arguments'],
    ['kubectl-ws', ['use'], 'kubectl ws use needs a workspace; see kubectl ws use --help'],
    [
      'kubectl-create-workspace',
      [],
      'kubectl create workspace needs the name of the workspace: kubectl create workspace NAME',
    ],
    [
      'kubectl-create-workspace',
      ['a', '--ignore-existing', '--type', 'universal'],
      '--ignore-existing must not be used with non-absolute type path',
    ],
    [
      'kubectl-create-workspace',
      ['a', '--location-selector', 'a b'],
      'invalid location selector: "a b" is no requirement such as region=eu or tier in (a,b)',
    ],
    ['kubectl-bind-apiexport', [], '`root:ws:apiexport_object` reference to bind is required as an argument'],
    [
      'kubectl-bind-apiexport',
      ['stable'],
      'fully qualified reference to workspace where APIExport exists is required. The format is `<logical-cluster-name>:<apiexport>` or `<full>:<path>:<to>:<apiexport>`',
    ],
    [
      'kubectl-bind-apiexport',
      ['root:a:b', '--accept-permission-claim', 'secrets'],
      'invalid accepted permission claims: [invalid permission claim "secrets"]',
    ],
    [
      'kubectl-bind-apiexport',
      ['root:a:b', '--accept-permission-claim', 'a.b', '--reject-permission-claim=c.d,a.b'],
      'accepted permission claim a.b conflicts with rejected permission claim a.b',
    ],
    [
      'kubectl-bind-apiexport',
      ['root:a:b', '--accept-all-permission-claims', '--reject-all-permission-claims'],
      'cannot use both --accept-all-permission-claims and --reject-all-permission-claims',
    ],
    [
      'kubectl-bind-apiexport',
      ['root:a:b', '--accept-all-permission-claims', '--accept-permission-claim=a.b'],
      'cannot use --accept-all-permission-claims with --accept-permission-claim',
    ],
    [
      'kubectl-bind-apiexport',
      ['root:a:b', '--accept-all-permission-claims', '--reject-permission-claim=a.b'],
      'cannot use --accept-all-permission-claims together with --reject-permission-claim',
    ],
    [
      'kubectl-bind-apiexport',
      ['root:a:b', '--reject-all-permission-claims', '--reject-permission-claim=a.b'],
      'cannot use --reject-all-permission-claims with --reject-permission-claim',
    ],
    [
      'kubectl-bind-apiexport',
      ['root:a:b', '--reject-all-permission-claims', '--accept-permission-claim=a.b'],
      'cannot use --reject-all-permission-claims together with --accept-permission-claim',
    ],
    ['kubectl-kcp', ['claims', 'accept'], 'error APIBinding name is missing'],
    ['kubectl-kcp', ['crd', 'snapshot'], '[--filename is required, --prefix is required]'],
    ['kubectl-kcp', ['crd', 'snapshot', '-f', 'x'], '--prefix is required'],
    ['kubectl-kcp', ['crd', 'snapshot', '--prefix', 'x'], '--filename is required'],
    [
      'kubectl-kcp',
      ['quickstart', '--tree-depth', '0', '--scenario=workspaces'],
      '--tree-depth must be >= 1, got 0',
    ],
    [
      'kubectl-kcp',
      ['quickstart', '--scenario=workspace'],
      '"workspace" is not a value of --scenario; did you mean "workspaces"?',
    ],
  ])('refuse %s %j as wrong usage', async (file, words, message) => {
    expect(await run(file, ...words)).toEqual({ code: 2, out: '', err: `error: ${message}\n` });
  });

  it('find the name of a command among flags', async () => {
    const { code, err } = await run(
      'kubectl-kcp',
      '--kubeconfig',
      'tree',
      'ws',
      '--request-timeout=1s',
      'current',
    );
    expect([code, err]).toEqual([1, 'error: the kubeconfig tree does not exist\n']);
  });

  it('say what to do without a kubeconfig', async () => {
    expect(await run('kubectl-ws', '.')).toEqual({
      code: 1,
      out: '',
      err:
        'error: there is no kubeconfig: /nowhere/config\n' +
        'Set KUBECONFIG to the admin.kubeconfig of your server, which antipode start prints.\n',
    });
  });
});
