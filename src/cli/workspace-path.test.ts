import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isWorkspacePath,
  parseWorkspaceUrl,
  resolveWorkspace,
  splitPath,
  topOf,
  workspaceUrl,
} from './workspace-path.ts';

describe('the URL of a workspace', () => {
  it.each([
    ['https://host:6443/clusters/root', { base: 'https://host:6443', path: 'root' }],
    ['https://host/clusters/root:a:b/', { base: 'https://host', path: 'root:a:b' }],
    ['https://host/behind/it/clusters/root:a/api', { base: 'https://host/behind/it', path: 'root:a' }],
    ['https://host/clusters/user%3Aalice', { base: 'https://host', path: 'user:alice' }],
    ['https://[::1]:6443/clusters/root', { base: 'https://[::1]:6443', path: 'root' }],
    ['https://host', undefined],
    ['https://host/clusters/', undefined],
    ['host/clusters/root', undefined],
  ])('%s is taken apart', (url, parts) => {
    expect(parseWorkspaceUrl(url)).toEqual(parts);
  });

  it('is put together again', () => {
    expect(workspaceUrl({ base: 'https://host/behind', path: 'root:a' })).toBe(
      'https://host/behind/clusters/root:a',
    );
  });
});

describe('resolving a workspace', () => {
  const resolve = (name: string, current = 'root:foo'): string =>
    resolveWorkspace(name, { current, abovePath: 'cannot go up from root' });

  it.each([
    ['bar', 'root:foo:bar'],
    ['bar:baz', 'root:foo:bar:baz'],
    ['bar/baz', 'root:foo:bar:baz'],
    ['..', 'root'],
    ['../bar', 'root:bar'],
    ['..:.', 'root'],
    ['.', 'root:foo'],
    ['.:bar:.:.:baz:.', 'root:foo:bar:baz'],
    ['bar:..:bar:baz:..:baz', 'root:foo:bar:baz'],
    [':root', 'root'],
    [':root:a:..:b', 'root:b'],
    [':system:admin', 'system:admin'],
    ['/org/a', 'org:a'],
  ])('%s leads from root:foo to %s', (name, path) => {
    expect(resolve(name)).toBe(path);
  });

  it.each(['..:..', '../..', ':root:..', ':..'])('%s leads nowhere', (name) => {
    expect(() => resolve(name)).toThrow('cannot go up from root');
  });

  it('gets back by as many .. as there were names', () => {
    const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 8 }), (names) => {
        const path = resolve(names.join(':'), 'root');
        expect(isWorkspacePath(path)).toBe(true);
        expect(resolve(names.map(() => '..').join('/'), path)).toBe('root');
        expect(resolve(`:${path}`, 'root:elsewhere')).toBe(path);
      }),
    );
  });

  it.each(['ju:nk§', 'A', 'a:', ':a', 'a::b', '-a', 'a-', 'a_b', `a:${'b'.repeat(64)}`, ''])(
    '%j is no path',
    (path) => {
      expect(isWorkspacePath(path)).toBe(false);
    },
  );

  it('splits a path into its parent and its name', () => {
    expect(splitPath('root:a:b')).toEqual({ parent: 'root:a', name: 'b' });
    expect(splitPath('root')).toEqual({ parent: undefined, name: 'root' });
    expect([topOf('root:a:b'), topOf('root')]).toEqual(['root', 'root']);
  });
});
