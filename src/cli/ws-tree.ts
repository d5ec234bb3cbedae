import type { ApiClient } from './client/client.ts';
import { workspaceFlag } from './client/connection-flags.ts';
import type { Command } from './command.ts';
import { exitCode } from './exit-code.ts';
import { outputFlag, printAs } from './output.ts';
import { openSession, workspaceOf } from './session.ts';
import { splitPath } from './workspace-path.ts';
import { logicalClusterPhase, readTree, type TreeNode, treeLines } from './workspace-tree.ts';

export const treeCommand: Command = {
  name: 'tree',
  summary: 'Print the workspaces below the current one',
  usage: '[flags]',
  details: [
    'A workspace that is mounted from elsewhere is marked [m]; those that are being deleted are left out.',
  ],
  flags: {
    full: { type: 'boolean', short: 'f', description: 'Print full paths' },
    wide: {
      type: 'boolean',
      description: 'Print the phases of each Workspace (ws) and its LogicalCluster (lc) too',
    },
    interactive: { type: 'boolean', short: 'i', description: 'Choose from the tree, on the full screen' },
    output: outputFlag,
    workspace: workspaceFlag,
  },
  positionals: [],
  connects: true,
  examples: [
    { does: 'Below the current workspace', line: 'kubectl ws tree' },
    { does: 'All workspaces, with full paths', line: 'kubectl ws tree -w :root -f' },
    { does: 'For a program', line: 'kubectl ws tree -o json' },
  ],
  async run(invocation, terminal) {
    if (invocation.flags['interactive'] === true) {
      const { browse } = await import('./ws-browse.ts');
      return browse(invocation, terminal);
    }
    const session = await openSession(invocation, terminal);
    if (session.current === undefined) {
      terminal.err(
        `current context URL ${JSON.stringify(session.server)} does not point directly to a kcp workspace\n`,
      );
      return exitCode.done;
    }
    const path = workspaceOf(session);
    const client = await session.client();
    const tree = await readTree(client, { name: splitPath(path).name, path });
    if (await printAs(invocation.flags['output'], tree, terminal)) return exitCode.done;
    const isFull = invocation.flags['full'] === true;
    const labelOf = (node: TreeNode): string =>
      `${isFull ? node.path : node.name}${node.isMount === true ? ' [m]' : ''}`;
    const lines = treeLines(tree, labelOf);
    const columns =
      invocation.flags['wide'] === true
        ? await wideColumns(
            client,
            lines.map(({ node }) => node),
          )
        : [];
    const width = Math.max(...lines.map(({ label }) => label.length));
    for (const [index, { label }] of lines.entries()) {
      const column = columns[index];
      terminal.out(column === undefined ? `${label}\n` : `${label.padEnd(width)}  ${column}\n`);
    }
    return exitCode.done;
  },
};

async function wideColumns(client: ApiClient, nodes: readonly TreeNode[]): Promise<readonly string[]> {
  const phases = await Promise.all(
    nodes.map((node) => (node.isMount === true ? undefined : logicalClusterPhase(client, node.path))),
  );
  const own = nodes.map((node) => `ws=${node.phase ?? '-'}`);
  const width = Math.max(...own.map((text) => text.length));
  return own.map((text, index) => `${text.padEnd(width)}  lc=${phases[index] ?? 'Unknown'}`);
}
