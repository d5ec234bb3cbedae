import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The rooms of the house from top to bottom (docs/ARCHITECTURE.md): imports point downwards only. */
const LAYERS = [
  'cli',
  'region',
  'console',
  'facade',
  'controllers',
  'exports',
  'workspaces',
  'api',
  'admission',
  'access',
  'definitions',
  'convergent',
  'replication',
  'store',
  'machinery',
  'base',
];

type Sources = ReadonlyMap<string, string>;

describe('the layering of src', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const sources = readSources(root);

  it('has a place for every top-level folder', () => {
    const folders = new Set([...sources.keys()].map(folderOf));
    expect([...folders].filter((folder) => !LAYERS.includes(folder))).toEqual([]);
  });

  it('imports downwards only, and other folders through their mod.ts', () => {
    expect(violations(sources)).toEqual([]);
  });

  it('has no cycle between top-level folders', () => {
    expect(cycleOf(edgesOf(sources))).toEqual([]);
  });

  it('imports only what package.json lists as a dependency, tests excepted', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    expect(foreignImports(sources, Object.keys(dependencies))).toEqual([]);
  });
});

describe('the check of the layering', () => {
  it.each([
    ['an upward import', 'src/store/log.ts', "import { x } from '../api/mod.ts';"],
    ['an upward import of a type', 'src/store/log.ts', "import type { X } from '../api/mod.ts';"],
    ['an upward re-export', 'src/base/mod.ts', "export * from '../store/mod.ts';"],
    ['an upward lazy import', 'src/store/log.ts', "const api = await import('../api/mod.ts');"],
    ['an import past mod.ts', 'src/api/write.ts', "import { x } from '../store/log.ts';"],
    ['an import past mod.ts into a sub-folder', 'src/api/a.ts', "import '../definitions/kinds/mod.ts';"],
    ['an import of something outside src', 'src/api/write.ts', "import { x } from '../../test/x.ts';"],
  ])('finds %s', (_, path, source) => {
    expect(violations(new Map([[path, source]]))).toHaveLength(1);
  });

  it('allows siblings, sub-folders of the own folder and downward imports through mod.ts', () => {
    const source = [
      "import { a } from './key.ts';",
      "import { b } from '../kinds/mod.ts';",
      "import {\n  c,\n} from '../../base/mod.ts';",
      "import { d } from 'fastify';",
    ].join('\n');
    expect(violations(new Map([['src/definitions/crd/x.ts', source]]))).toEqual([]);
  });

  it('finds a cycle over three folders', () => {
    const edges = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['a'])],
    ]);
    expect(cycleOf(edges)).toEqual(['a', 'b', 'c', 'a']);
  });

  it('finds a package that is not listed', () => {
    const sources = new Map([
      ['src/base/a.ts', "import x from '@scope/name/sub.js';\nimport 'node:fs';\nimport y from 'yaml/util';"],
      ['src/base/a.test.ts', "import { it } from 'vitest';"],
    ]);
    expect(foreignImports(sources, ['yaml'])).toEqual(['src/base/a.ts imports @scope/name']);
  });
});

function readSources(root: string): Sources {
  const entries = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

function violations(sources: Sources): string[] {
  const found: string[] = [];
  for (const [path, source] of sources) {
    for (const specifier of importsOf(source)) {
      if (!specifier.startsWith('.')) continue;
      const target = join(dirname(path), specifier).replaceAll('\\', '/');
      if (!target.startsWith('src/')) {
        found.push(`${path} imports ${target}, which is not in src`);
      } else if (folderOf(target) !== folderOf(path)) {
        if (target !== `src/${folderOf(target)}/mod.ts`)
          found.push(`${path} imports ${target} past its mod.ts`);
        else if (!isBelow(folderOf(target), folderOf(path))) found.push(`${path} imports upwards: ${target}`);
      }
    }
  }
  return found;
}

function isBelow(lower: string, upper: string): boolean {
  return LAYERS.indexOf(lower) > LAYERS.indexOf(upper);
}

function edgesOf(sources: Sources): ReadonlyMap<string, ReadonlySet<string>> {
  const edges = new Map<string, Set<string>>();
  for (const [path, source] of sources) {
    for (const specifier of importsOf(source)) {
      const target = join(dirname(path), specifier).replaceAll('\\', '/');
      if (!specifier.startsWith('.') || !target.startsWith('src/')) continue;
      const from = folderOf(path);
      if (folderOf(target) !== from) edges.set(from, (edges.get(from) ?? new Set()).add(folderOf(target)));
    }
  }
  return edges;
}

/** The folders of one cycle, the first one again at its end; empty when there is none. */
function cycleOf(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const done = new Set<string>();
  const visit = (folder: string, path: readonly string[]): readonly string[] => {
    if (path.includes(folder)) return [...path.slice(path.indexOf(folder)), folder];
    if (done.has(folder)) return [];
    for (const next of edges.get(folder) ?? []) {
      const cycle = visit(next, [...path, folder]);
      if (cycle.length > 0) return cycle;
    }
    done.add(folder);
    return [];
  };
  for (const folder of edges.keys()) {
    const cycle = visit(folder, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

function foreignImports(sources: Sources, dependencies: readonly string[]): string[] {
  const found: string[] = [];
  for (const [path, source] of sources) {
    if (path.endsWith('.test.ts') || path.endsWith('.suite.ts')) continue;
    for (const specifier of importsOf(source)) {
      if (specifier.startsWith('.') || isBuiltin(specifier)) continue;
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
      if (!dependencies.includes(name)) found.push(`${path} imports ${name}`);
    }
  }
  return found;
}

function folderOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/** What a file imports and re-exports, statically or lazily; comments do not count. */
function importsOf(source: string): string[] {
  const code = source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  const statements = code.matchAll(
    /^(?:import|export)\s[\w\s{},*$]*?\bfrom\s*'([^'\n]+)'|^import\s*'([^'\n]+)'|\bimport\(\s*'([^'\n]+)'/gm,
  );
  return [...statements].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}
