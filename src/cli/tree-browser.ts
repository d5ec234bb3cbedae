/** The state of the full-screen tree: pure, so that a key is a function of states. */
export interface BrowserNode {
  readonly name: string;
  readonly path: string;
  readonly depth: number;
  /** What the header shows of it. */
  readonly detail: string;
  readonly isMount: boolean;
  isExpanded: boolean;
  /** Undefined as long as nobody has asked for them. */
  children: BrowserNode[] | undefined;
}

export interface Browser {
  readonly root: BrowserNode;
  /** The path that was current at the start. */
  readonly currentPath: string;
  readonly full: boolean;
  cursor: BrowserNode;
  /** The first row that is shown. */
  top: number;
  message: string;
}

export type KeyOutcome =
  | { readonly kind: 'stay' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'enter'; readonly path: string }
  /** The children of a node are wanted; the key is to be given again when they are there. */
  | { readonly kind: 'load'; readonly node: BrowserNode };

const STAY: KeyOutcome = { kind: 'stay' };

/** What a key does. Keys are the sequences that terminals send, and vi's. */
export function pressKey(browser: Browser, key: string): KeyOutcome {
  const { cursor } = browser;
  browser.message = '';
  switch (key) {
    case 'q':
    case '\u0003':
    case '\u001b':
      return { kind: 'quit' };
    case '\u001b[A':
    case '\u001bOA':
    case 'k':
      return move(browser, -1);
    case '\u001b[B':
    case '\u001bOB':
    case 'j':
      return move(browser, 1);
    case '\u001b[C':
    case '\u001bOC':
    case 'l':
      return expand(cursor);
    case '\u001b[D':
    case '\u001bOD':
    case 'h':
    case '\u007f':
      return collapse(browser);
    case ' ':
      return cursor.isExpanded ? collapse(browser) : expand(cursor);
    case '\r':
    case '\n':
      if (!cursor.isMount) return { kind: 'enter', path: cursor.path };
      browser.message = `${cursor.path} is mounted from elsewhere`;
      return STAY;
    default:
      return STAY;
  }
}

function move(browser: Browser, by: number): KeyOutcome {
  const rows = visibleNodes(browser);
  const next = rows[rows.indexOf(browser.cursor) + by];
  if (next !== undefined) browser.cursor = next;
  return STAY;
}

function expand(node: BrowserNode): KeyOutcome {
  if (node.isExpanded || node.isMount) return STAY;
  if (node.children === undefined) return { kind: 'load', node };
  node.isExpanded = node.children.length > 0;
  return STAY;
}

// On something closed already, the way left is the way up.
function collapse(browser: Browser): KeyOutcome {
  if (browser.cursor.isExpanded) browser.cursor.isExpanded = false;
  else
    browser.cursor =
      visibleNodes(browser).find((node) => node.children?.includes(browser.cursor)) ?? browser.cursor;
  return STAY;
}

/** The nodes that can be seen, from top to bottom. */
export function visibleNodes(browser: Browser): readonly BrowserNode[] {
  const rows: BrowserNode[] = [];
  const add = (node: BrowserNode): void => {
    rows.push(node);
    if (node.isExpanded) for (const child of node.children ?? []) add(child);
  };
  add(browser.root);
  return rows;
}

export interface BrowserView {
  readonly columns: number;
  readonly rows: number;
  readonly hasColor: boolean;
}

const FOOTER = '↑/↓: navigate  →/←/Space: expand/collapse  q: quit';
const PROMPT = 'Press Enter to switch to this workspace';
/** Title, an empty line above and below the tree, footer and prompt. */
const CHROME_ROWS = 5;

/** The screen as lines, none longer than the terminal is wide. */
export function renderBrowser(browser: Browser, view: BrowserView): readonly string[] {
  const rows = visibleNodes(browser);
  const height = Math.max(1, view.rows - CHROME_ROWS);
  const index = rows.indexOf(browser.cursor);
  browser.top = Math.max(0, Math.min(browser.top, index, rows.length - height), index - height + 1);
  const shown = rows.slice(browser.top, browser.top + height);
  const lines = shown.map((node) => {
    const icon = node.isMount || node.children?.length === 0 ? '  ' : node.isExpanded ? '▼ ' : '▶ ';
    const name = `${browser.full ? node.path : node.name}${node.isMount ? ' [m]' : ''}`;
    const text = cut(
      `${node === browser.cursor ? '→ ' : '  '}${'  '.repeat(node.depth)}${icon}${name}`,
      view.columns,
    );
    return styled(
      text,
      { isCursor: node === browser.cursor, isCurrent: node.path === browser.currentPath },
      view,
    );
  });
  while (lines.length < height) lines.push('');
  const title = cut(`Workspaces  ${browser.cursor.detail}`, view.columns);
  return [
    view.hasColor ? `\u001b[1m${title}\u001b[22m` : title,
    '',
    ...lines,
    '',
    cut(FOOTER, view.columns),
    cut(browser.message === '' ? PROMPT : browser.message, view.columns),
  ];
}

function styled(
  text: string,
  { isCursor, isCurrent }: { readonly isCursor: boolean; readonly isCurrent: boolean },
  { hasColor }: BrowserView,
): string {
  if (!hasColor) return isCurrent ? `${text} *` : text;
  const colored = isCurrent ? `\u001b[33m${text}\u001b[39m` : text;
  return isCursor ? `\u001b[7m${colored}\u001b[27m` : colored;
}

function cut(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
