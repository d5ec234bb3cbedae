import { describe, expect, it } from 'vitest';
import { type Browser, type BrowserNode, pressKey, renderBrowser } from './tree-browser.ts';

function node(path: string, children?: readonly BrowserNode[], isMount = false): BrowserNode {
  const segments = path.split(':');
  return {
    name: segments.at(-1) ?? '',
    path,
    depth: segments.length - 1,
    detail: path,
    isMount,
    isExpanded: false,
    children: isMount ? [] : children === undefined ? undefined : [...children],
  };
}

function browserOf(root: BrowserNode): Browser {
  root.isExpanded = true;
  return { root, currentPath: 'root:b', full: false, cursor: root, top: 0, message: '' };
}

const [UP, DOWN, RIGHT, LEFT, ENTER] = ['\u001b[A', '\u001b[B', '\u001b[C', '\u001b[D', '\r'];

function small(): Browser {
  return browserOf(
    node('root', [
      node('root:a', [node('root:a:x', []), node('root:a:y', [])]),
      node('root:b'),
      node('root:m', [], true),
    ]),
  );
}

function screen(browser: Browser, rows = 12, columns = 60): readonly string[] {
  return renderBrowser(browser, { rows, columns, hasColor: false });
}

describe('the tree browser', () => {
  it('shows the tree with its cursor, the current workspace and its keys', () => {
    expect(screen(small())).toEqual([
      'Workspaces  root',
      '',
      '→ ▼ root',
      '    ▶ a',
      '    ▶ b *',
      '      m [m]',
      '',
      '',
      '',
      '',
      '↑/↓: navigate  →/←/Space: expand/collapse  q: quit',
      'Press Enter to switch to this workspace',
    ]);
  });

  it('opens and closes with the arrows and with the space bar', () => {
    const browser = small();
    for (const key of [DOWN, RIGHT, DOWN]) pressKey(browser, key);
    expect(browser.cursor.path).toBe('root:a:x');
    pressKey(browser, LEFT);
    expect(browser.cursor.path).toBe('root:a');
    pressKey(browser, ' ');
    expect(screen(browser).slice(2, 6)).toEqual(['  ▼ root', '→   ▶ a', '    ▶ b *', '      m [m]']);
    pressKey(browser, ' ');
    expect(screen(browser)[4]).toBe('        x');
  });

  it('asks for children that nobody has seen, and opens when they are there', () => {
    const browser = small();
    for (const key of ['j', 'j']) pressKey(browser, key);
    const outcome = pressKey(browser, 'l');
    expect(outcome).toMatchObject({ kind: 'load', node: { path: 'root:b' } });
    browser.cursor.children = [node('root:b:z', [])];
    pressKey(browser, 'l');
    expect(screen(browser)[5]).toBe('        z');
  });

  it('goes where Enter is pressed, but not into a mount', () => {
    const browser = small();
    expect(pressKey(browser, ENTER)).toEqual({ kind: 'enter', path: 'root' });
    for (const key of [DOWN, DOWN, DOWN, DOWN]) pressKey(browser, key);
    expect(pressKey(browser, ENTER)).toEqual({ kind: 'stay' });
    expect(screen(browser).at(-1)).toBe('root:m is mounted from elsewhere');
  });

  it.each(['q', '\u0003', '\u001b'])('ends with %j', (key) => {
    expect(pressKey(small(), key)).toEqual({ kind: 'quit' });
  });

  it('keeps the cursor in sight of a tree that is taller than the terminal', () => {
    const browser = browserOf(
      node(
        'root',
        Array.from({ length: 100 }, (_, index) => node(`root:w${index}`, [])),
      ),
    );
    for (let index = 0; index < 50; index++) pressKey(browser, DOWN);
    const lines = screen(browser, 15);
    expect(lines).toHaveLength(15);
    expect(lines.find((line) => line.startsWith('→'))).toContain('w49');
    for (let index = 0; index < 60; index++) pressKey(browser, UP);
    expect(screen(browser, 15)[2]).toBe('→ ▼ root');
  });

  it('writes no line that is longer than the terminal is wide', () => {
    const browser = browserOf(node('root', [node(`root:${'w'.repeat(50)}`)]));
    browser.message = 'm'.repeat(100);
    for (const line of screen(browser, 10, 20)) expect([...line].length).toBeLessThanOrEqual(20);
  });
});
