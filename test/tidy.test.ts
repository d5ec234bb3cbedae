import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['src', 'test', 'simulations', 'deploy', 'docs', 'proto', '.ci'];
const LINES_MAX = 500;

// Put together here, so that this file does not find itself.
const LEFTOVERS = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);
const MACHINE_PATH = /(?<![\w.)}\]~*-])\/(?:work|root|home)\//;

describe('the tidiness of the repository', () => {
  const files = readRepository();
  const code = files.filter((file) => isCode(file.path));

  it('finds the files it is about', () => {
    expect(code.length).toBeGreaterThan(10);
  });

  it('writes to the console in the command line only', () => {
    const places = linesWith(
      code.filter(({ path }) => path.startsWith('src/') && !path.startsWith('src/cli/') && !isTest(path)),
      (line) => /\bconsole\s*\./.test(withoutText(line)),
    );
    expect(places).toEqual([]);
  });

  it('leaves no notes about unfinished work', () => {
    expect(linesWith(files, (line) => LEFTOVERS.test(line))).toEqual([]);
  });

  it('names no folder of the machine it was written on', () => {
    expect(linesWith(files, (line) => MACHINE_PATH.test(line))).toEqual([]);
  });

  it(`has no code file of more than ${LINES_MAX} lines`, () => {
    const long = code
      .map(({ path, lines }) => ({ path, count: lines.at(-1) === '' ? lines.length - 1 : lines.length }))
      .filter(({ path, count }) => count > LINES_MAX && !path.endsWith('.gen.ts'));
    expect(long).toEqual([]);
  });

  it('does without the type any', () => {
    const places = linesWith(
      code.filter(({ path }) => path.endsWith('.ts')),
      (line) => usesAny(line),
    );
    expect(places).toEqual([]);
  });

  it('has no default exports in src', () => {
    const places = linesWith(
      code.filter(({ path }) => path.startsWith('src/')),
      (line) => /^export default\b|^export \{.*\bas default\b/.test(line),
    );
    expect(places).toEqual([]);
  });

  it('gives a reason for every dependency and for no other', () => {
    const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Readonly<
      Record<'dependencies' | 'devDependencies' | 'overrides', Readonly<Record<string, string>>>
    >;
    const wanted = [description.dependencies, description.devDependencies, description.overrides]
      .flatMap((group) => Object.keys(group))
      .sort();
    const page = readFileSync(join(root, 'docs', 'dependencies.md'), 'utf8');
    const explained = [...page.matchAll(/^\| `([^`]+)` \| \S.{10,} \|$/gm)].map((line) => line[1]).sort();
    expect(explained).toEqual(wanted);
  });

  it('links only to pages that exist', () => {
    const broken = files
      .filter(({ path }) => path.endsWith('.md'))
      .flatMap(({ path, lines }) =>
        [...lines.join('\n').matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
          .map((link) => join(path, '..', link[1] ?? ''))
          .filter((target) => !existsSync(join(root, target)))
          .map((target) => `${path} links to ${target}`),
      );
    expect(broken).toEqual([]);
  });
});

describe('the check of the tidiness', () => {
  it.each([
    'const x: any = 1;',
    'f(x as any);',
    'const m = new Map<string, any>();',
    'type A = string | any;',
  ])('finds any in %s', (line) => {
    expect(usesAny(line)).toBe(true);
  });

  it.each(["throw new Error('want: any');", ' * as any other', 'const anyone: string = x;', '// : any'])(
    'finds no any in %s',
    (line) => {
      expect(usesAny(line)).toBe(false);
    },
  );

  it('tells a machine path from a path of the API', () => {
    expect(MACHINE_PATH.test(`see /${'work'}/main/x.ts`)).toBe(true);
    expect(MACHINE_PATH.test('GET /clusters/root/api/v1')).toBe(false);
  });
});

interface RepositoryFile {
  readonly path: string;
  readonly lines: readonly string[];
}

function readRepository(): readonly RepositoryFile[] {
  const inFolders = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll('\\', '/')),
  );
  return [...inFolders, 'README.md', 'package.json', 'vitest.config.ts']
    .filter((path) => /\.(?:ts|mjs|js|json|md|proto|sh|ya?ml)$|^\.ci\/run$/.test(path))
    .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n') }));
}

function isCode(path: string): boolean {
  return /\.(?:ts|mjs|js)$/.test(path);
}

function isTest(path: string): boolean {
  return /\.(?:test|suite)\.ts$/.test(path);
}

function linesWith(files: readonly RepositoryFile[], isBad: (line: string) => boolean): readonly string[] {
  return files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (isBad(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

function usesAny(line: string): boolean {
  return /(?::|\bas|<|,|\||&|=>)\s*any\b(?!\s*:)/.test(withoutText(line));
}

/** A line of code without its comments and the content of its strings. */
function withoutText(line: string): string {
  if (/^\s*(?:\*|\/\*|\/\/)/.test(line)) return '';
  return line
    .replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''")
    .replaceAll(/\/\/.*$/g, '');
}
