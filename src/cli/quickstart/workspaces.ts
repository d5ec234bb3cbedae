import { deleteStep, ensureWorkspace, workspaceStep } from './actions.ts';
import type { Scenario, Surroundings } from './scenario.ts';

export interface TreeForm {
  /** Levels below the organization. */
  readonly depth: number;
  readonly count: number;
  readonly seed: number;
}

/** A tree of many workspaces in an organization of its own. */
export function workspacesScenario(prefix: string, form: TreeForm): Scenario {
  const org = `${prefix}-org`;
  const path = `root:${org}`;
  return {
    name: 'workspaces',
    steps: [
      workspaceStep(`Creating organization workspace ${JSON.stringify(org)}`, {
        parent: 'root',
        name: org,
        type: 'organization',
        prefix,
      }),
      {
        title: `Creating ${form.count} workspaces (max depth ${form.depth}, seed ${form.seed})`,
        run: (surroundings) => createTree(surroundings, { prefix, org: path, form }),
      },
    ],
    samples: [],
    cleanup: [
      deleteStep(`Deleting organization workspace ${JSON.stringify(org)} (cascades child workspaces)`, {
        parent: 'root',
        name: org,
      }),
    ],
    summary: () => summary({ org, path, prefix, form }),
    enters: () => path,
  };
}

/** Workspaces of a random tree, parents before their children: of each the index of its parent, -1 for the organization. */
export function randomTree({
  depth,
  count,
  seed,
}: TreeForm): readonly { readonly parent: number; readonly depth: number }[] {
  const random = randomNumbers(seed);
  const nodes: { parent: number; depth: number }[] = [];
  // Those that may have children; the organization may have them always.
  const eligible = [-1];
  for (let index = 0; index < count; index++) {
    const parent = eligible[Math.floor(random() * eligible.length)] ?? -1;
    const node = { parent, depth: parent < 0 ? 1 : (nodes[parent]?.depth ?? 0) + 1 };
    nodes.push(node);
    if (node.depth < depth) eligible.push(index);
  }
  return nodes;
}

/** Numbers from 0 to 1 that a seed decides (mulberry32); nothing depends on their quality. */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const TELL_EVERY = 25;

async function createTree(
  surroundings: Surroundings,
  { prefix, org, form }: { readonly prefix: string; readonly org: string; readonly form: TreeForm },
): Promise<void> {
  const startMs = surroundings.nowMs();
  const paths: string[] = [];
  let deepest = 0;
  for (const [index, node] of randomTree(form).entries()) {
    const parent = node.parent < 0 ? org : (paths[node.parent] ?? org);
    const name = `${prefix}-ws-${index + 1}`;
    await ensureWorkspace(surroundings, { parent, name, type: 'universal', prefix });
    paths.push(`${parent}:${name}`);
    deepest = Math.max(deepest, node.depth);
    const created = index + 1;
    if (created % TELL_EVERY !== 0 && created !== form.count) continue;
    const seconds = Math.max(surroundings.nowMs() - startMs, 1) / 1000;
    const rate = (created / seconds).toFixed(1);
    surroundings.say(
      `  Progress: ${created}/${form.count} workspaces created (${rate} ws/s, depth so far: ${deepest})`,
    );
  }
  if (form.count === 0) surroundings.say('  No child workspaces to create (count=0)');
}

function summary(made: {
  readonly org: string;
  readonly path: string;
  readonly prefix: string;
  readonly form: TreeForm;
}): string {
  const { count, depth, seed } = made.form;
  return [
    "Quickstart complete! Here's what was created:",
    '',
    '  Workspace hierarchy:',
    '    root',
    `    └── ${made.org} (organization)`,
    `        └── ${count} child workspaces in a random tree (max depth ${depth}, seed ${seed})`,
    '',
    '  Explore:',
    `    kubectl ws :${made.path}`,
    '    kubectl ws tree',
    '',
    '  Cleanup:',
    `    kubectl kcp quickstart --scenario workspaces --cleanup --name-prefix ${made.prefix}`,
    '',
  ].join('\n');
}
