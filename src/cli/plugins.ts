import type { Group, ProgramEntry, Target } from './program.ts';

const use: ProgramEntry = {
  name: 'use',
  aliases: ['cd'],
  summary: 'Go to another workspace',
  target: { kind: 'command', load: async () => (await import('./ws-use.ts')).useCommand },
};

const current: ProgramEntry = {
  name: 'current',
  summary: 'Print the current workspace, like kubectl ws .',
  target: { kind: 'command', load: async () => (await import('./ws-current.ts')).currentCommand },
};

const tree: ProgramEntry = {
  name: 'tree',
  summary: 'Print the workspaces below the current one',
  target: { kind: 'command', load: async () => (await import('./ws-tree.ts')).treeCommand },
};

const createWorkspace: Target = {
  kind: 'command',
  load: async () => (await import('./create-workspace.ts')).createWorkspaceCommand,
};

const createContext: ProgramEntry = {
  name: 'create-context',
  summary: 'Make a kubeconfig context for the current workspace',
  target: {
    kind: 'command',
    load: async () => (await import('./ws-create-context.ts')).createContextCommand,
  },
};

const workspaces: Group = {
  summary: 'Show and change the current workspace',
  entries: [
    use,
    current,
    tree,
    { name: 'create', summary: 'Make a workspace in the current one', target: createWorkspace },
    createContext,
  ],
  fallback: async () => (await import('./ws-use.ts')).wsCommand,
};

const ws: Target = { kind: 'group', load: async () => workspaces };

const bindApiExport: Target = {
  kind: 'command',
  load: async () => (await import('./bind-apiexport.ts')).bindCommand,
};

const bind: Group = {
  summary: 'Bind APIs of others into the current workspace',
  entries: [
    {
      name: 'apiexport',
      summary: 'Bind the APIs of an APIExport into the current workspace',
      target: bindApiExport,
    },
  ],
};

const claims: Group = {
  summary: 'Show and answer the permission claims of APIBindings',
  entries: [
    {
      name: 'get',
      summary: 'Show how claims were answered',
      target: {
        kind: 'group',
        load: async () => ({
          summary: 'Show how claims were answered',
          entries: [
            {
              name: 'apibinding',
              aliases: ['apibindings'],
              summary: 'Show how the permission claims of APIBindings were answered',
              target: {
                kind: 'command',
                load: async () => (await import('./claims-get.ts')).getClaimsCommand,
              },
            },
          ],
        }),
      },
    },
    {
      name: 'accept',
      summary: 'Accept permission claims of an APIBinding',
      target: { kind: 'command', load: async () => (await import('./claims-answer.ts')).acceptClaimsCommand },
    },
    {
      name: 'reject',
      summary: 'Reject permission claims of an APIBinding',
      target: { kind: 'command', load: async () => (await import('./claims-answer.ts')).rejectClaimsCommand },
    },
  ],
};

const crd: Group = {
  summary: 'Work with CustomResourceDefinitions',
  entries: [
    {
      name: 'snapshot',
      summary: 'Make APIResourceSchemas of CustomResourceDefinitions',
      target: { kind: 'command', load: async () => (await import('./crd-snapshot.ts')).snapshotCommand },
    },
  ],
};

const kcp: Group = {
  summary: 'Work with workspaces and the APIs that they offer each other',
  entries: [
    { name: 'workspace', aliases: ['ws', 'workspaces'], summary: workspaces.summary, target: ws },
    { name: 'bind', summary: bind.summary, target: { kind: 'group', load: async () => bind } },
    { name: 'claims', summary: claims.summary, target: { kind: 'group', load: async () => claims } },
    { name: 'crd', summary: crd.summary, target: { kind: 'group', load: async () => crd } },
    {
      name: 'quickstart',
      summary: 'Set up workspaces to try things out in',
      target: { kind: 'command', load: async () => (await import('./quickstart.ts')).quickstartCommand },
    },
  ],
};

/** A program that kubectl finds on PATH, by its file name. */
export interface Plugin {
  readonly file: string;
  /** How it is called through kubectl. */
  readonly title: string;
  readonly target: Target;
}

/** All plugins. `kubectl bind` itself is left to kube-bind's plugin of that name. */
export const plugins: readonly Plugin[] = [
  { file: 'kubectl-ws', title: 'kubectl ws', target: ws },
  { file: 'kubectl-create-workspace', title: 'kubectl create workspace', target: createWorkspace },
  { file: 'kubectl-bind-apiexport', title: 'kubectl bind apiexport', target: bindApiExport },
  { file: 'kubectl-kcp', title: 'kubectl kcp', target: { kind: 'group', load: async () => kcp } },
];
