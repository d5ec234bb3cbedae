import type { ApiClient } from './client/client.ts';
import type { Invocation } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure, reasonOf } from './failure.ts';
import { openSession } from './session.ts';
import type { Screen, Terminal } from './terminal.ts';
import { type Browser, type BrowserNode, pressKey, renderBrowser } from './tree-browser.ts';
import { splitPath, topOf } from './workspace-path.ts';
import { nodeOf, type TreeNode } from './workspace-tree.ts';
import { listWorkspaces } from './workspaces.ts';
import { useWorkspace } from './ws-use.ts';

/** Shows the tree of workspaces on the full screen, opened at the current one, and goes to the chosen one. */
export async function browse(invocation: Invocation, terminal: Terminal): Promise<number> {
  const screen = terminal.screen();
  if (screen === undefined) throw new Failure('the interactive mode needs a terminal');
  const session = await openSession(invocation, terminal);
  const { current, server } = session;
  if (current === undefined)
    throw new Failure(`current URL ${JSON.stringify(server)} does not point to a workspace`);
  const client = await session.client();
  const top = topOf(current.path);
  const root = browserNode({ name: top, path: top, children: [] }, 0);
  const browser: Browser = {
    root,
    currentPath: current.path,
    full: invocation.flags['full'] === true,
    cursor: root,
    top: 0,
    message: '',
  };
  await openAt(browser, client);
  const path = await show(browser, client, { screen, hasColor: terminal.hasColor });
  return path === undefined ? exitCode.done : useWorkspace(`:${path}`, invocation, terminal);
}

/** Opens the tree along the way to the current workspace. */
async function openAt(browser: Browser, client: ApiClient): Promise<void> {
  await loadChildren(browser.root, client);
  browser.root.isExpanded = (browser.root.children?.length ?? 0) > 0;
  for (const segment of browser.currentPath.split(':').slice(1)) {
    const next = browser.cursor.children?.find(({ name }) => name === segment);
    if (next === undefined) return;
    browser.cursor.isExpanded = true;
    browser.cursor = next;
    try {
      await loadChildren(next, client);
    } catch (error) {
      browser.message = reasonOf(error);
      return;
    }
  }
}

function show(
  browser: Browser,
  client: ApiClient,
  { screen, hasColor }: { readonly screen: Screen; readonly hasColor: boolean },
): Promise<string | undefined> {
  const draw = (): void => {
    const lines = renderBrowser(browser, { ...screen.size(), hasColor });
    screen.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`);
  };
  return new Promise((resolve) => {
    // The other screen of the terminal, without a cursor: what was there before is there again afterwards.
    screen.write('\u001b[?1049h\u001b[?25l');
    let isLoading = false;
    let isOver = false;
    const close = screen.listen({
      key(sequence) {
        if (isLoading && !['q', '\u0003', '\u001b'].includes(sequence)) return;
        press(sequence);
      },
      resize: draw,
    });
    const end = (path: string | undefined): void => {
      isOver = true;
      close();
      screen.write('\u001b[?25h\u001b[?1049l');
      resolve(path);
    };
    const press = (sequence: string): void => {
      const outcome = pressKey(browser, sequence);
      if (outcome.kind === 'quit') return end(undefined);
      if (outcome.kind === 'enter') return end(outcome.path);
      if (outcome.kind === 'load') {
        isLoading = true;
        browser.message = 'Loading...';
        loadChildren(outcome.node, client)
          .then(() => void pressKey(browser, sequence))
          .catch((error: unknown) => {
            browser.message = reasonOf(error);
          })
          .finally(() => {
            isLoading = false;
            if (!isOver) draw();
          });
      }
      draw();
    };
    draw();
  });
}

async function loadChildren(node: BrowserNode, client: ApiClient): Promise<void> {
  const children = await listWorkspaces(client, node.path);
  node.children = children
    .map((workspace) => nodeOf(workspace, node.path))
    .filter((child) => child !== undefined)
    .map((child) => browserNode(child, node.depth + 1));
}

function browserNode(node: TreeNode, depth: number): BrowserNode {
  const facts = [node.type, node.cluster === undefined ? undefined : `cluster:${node.cluster}`, node.phase];
  return {
    name: splitPath(node.name).name,
    path: node.path,
    depth,
    detail: [node.path, ...facts.filter((fact) => fact !== undefined)].join(' | '),
    isMount: node.isMount === true,
    isExpanded: false,
    children: node.isMount === true ? [] : undefined,
  };
}
