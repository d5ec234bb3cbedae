import { ApiFailure } from './client/api-failure.ts';
import type { ApiClient } from './client/client.ts';
import { clusterPath, parseWorkspaceUrl } from './workspace-path.ts';
import { listWorkspaces, typeText, type Workspace } from './workspaces.ts';

/** A workspace and what is below it. */
export interface TreeNode {
  readonly name: string;
  readonly path: string;
  readonly cluster?: string;
  readonly type?: string;
  readonly phase?: string;
  /** Its content is served by somebody else, so that nothing below it is known. */
  readonly isMount?: true;
  /** Nobody may look into it who asked for this tree. */
  readonly isClosed?: true;
  readonly children: readonly TreeNode[];
}

/** Nobody reads a taller tree, and a loop of workspaces, which nobody can make, would have no end. */
const DEPTH_MAX = 100;

/** All workspaces at and below a path, read level by level with several requests under way. */
export async function readTree(
  client: ApiClient,
  root: { readonly name: string; readonly path: string },
): Promise<TreeNode> {
  const children = await readChildren(client, root.path, 0);
  return { ...root, children };
}

async function readChildren(client: ApiClient, path: string, depth: number): Promise<readonly TreeNode[]> {
  if (depth >= DEPTH_MAX) return [];
  const found = (await listWorkspaces(client, path)).map((workspace) => nodeOf(workspace, path));
  return Promise.all(
    found
      .filter((node) => node !== undefined)
      .map(async (node) => {
        if (node.isMount === true) return node;
        try {
          return { ...node, children: await readChildren(client, node.path, depth + 1) };
        } catch (error) {
          // Having made a workspace visible does not mean that everybody may enter it.
          if (error instanceof ApiFailure && (error.isForbidden || error.isNotFound)) {
            return { ...node, isClosed: true as const };
          }
          throw error;
        }
      }),
  );
}

/** A child as its parent shows it; undefined while it is being deleted. */
export function nodeOf(workspace: Workspace, parent: string): TreeNode | undefined {
  const { metadata, spec, status } = workspace;
  if (metadata.deletionTimestamp !== undefined) return undefined;
  const type = typeText(spec?.type);
  return {
    name: metadata.name,
    path:
      (spec?.mount === undefined ? parseWorkspaceUrl(spec?.URL ?? '')?.path : undefined) ??
      `${parent}:${metadata.name}`,
    ...(spec?.cluster === undefined ? {} : { cluster: spec.cluster }),
    ...(type === '' ? {} : { type }),
    ...(status?.phase === undefined ? {} : { phase: status.phase }),
    ...(spec?.mount === undefined ? {} : { isMount: true as const }),
    children: [],
  };
}

/** Lines of a tree: each node's label behind the branches that lead to it. */
export function treeLines(
  root: TreeNode,
  labelOf: (node: TreeNode) => string,
): readonly { readonly label: string; readonly node: TreeNode }[] {
  const lines = [{ label: labelOf(root), node: root }];
  addLines(root, '', labelOf, lines);
  return lines;
}

function addLines(
  parent: TreeNode,
  indent: string,
  labelOf: (node: TreeNode) => string,
  lines: { label: string; node: TreeNode }[],
): void {
  for (const [index, node] of parent.children.entries()) {
    const isLast = index === parent.children.length - 1;
    lines.push({ label: `${indent}${isLast ? '└── ' : '├── '}${labelOf(node)}`, node });
    addLines(node, `${indent}${isLast ? '    ' : '│   '}`, labelOf, lines);
  }
}

/** The phase of a workspace's own LogicalCluster, which can differ from its Workspace's for a moment. */
export async function logicalClusterPhase(client: ApiClient, path: string): Promise<string | undefined> {
  try {
    const found = await client.send<{ readonly status?: { readonly phase?: string } }>(
      `${clusterPath(path)}/apis/core.kcp.io/v1alpha1/logicalclusters/cluster`,
    );
    return found.status?.phase;
  } catch (error) {
    if (error instanceof ApiFailure) return undefined;
    throw error;
  }
}
