import { type ApisVersion, apisVersion, listBindings } from './claims.ts';
import type { Flag, Positional } from './command.ts';
import { flagsOf, isChoice, parseInvocation } from './invocation.ts';
import type { Plugin } from './plugins.ts';
import { type Group, type Route, route } from './program.ts';
import { openSession, type Session, workspaceOf } from './session.ts';
import type { Terminal } from './terminal.ts';
import { clusterPath, isWorkspacePath, resolveWorkspace } from './workspace-path.ts';
import { listPages, listWorkspaces } from './workspaces.ts';

/** What may come next, with an explanation behind a tab. */
type Candidates = readonly string[];

/** Bits that tell kubectl's completion script what to do with the candidates (cobra's ShellCompDirective). */
const directives = { error: 1, noSpace: 2, noFile: 4, files: 0 } as const;

/** More cannot be looked through anyhow. */
const CANDIDATES_MAX = 500;
/** Somebody waits with a finger on the tab key. */
const PATIENCE_MS = 2_000;

/**
 * The answer to kubectl's completion for the last of these words: one candidate per line, and a directive. Whatever
 * goes wrong, completion offers nothing and says nothing.
 */
export async function complete(
  plugin: Plugin,
  words: readonly string[],
  terminal: Terminal,
): Promise<string> {
  const typed = words.at(-1) ?? '';
  try {
    const { candidates, directive } = await candidatesFor(plugin, words.slice(0, -1), typed, terminal);
    const fitting = candidates.filter((candidate) => candidate.startsWith(typed)).slice(0, CANDIDATES_MAX);
    return [...fitting, `:${directive}`, ''].join('\n');
  } catch {
    return `:${directives.error | directives.noFile}\n`;
  }
}

interface Offer {
  readonly candidates: Candidates;
  readonly directive: number;
}

async function candidatesFor(
  plugin: Plugin,
  before: readonly string[],
  typed: string,
  terminal: Terminal,
): Promise<Offer> {
  const reached = await route(plugin.title, plugin.target, before);
  const flags = reached.kind === 'command' ? flagsOf(reached.command) : {};
  const valued = flagBefore(before.at(-1), flags);
  if (valued !== undefined) return valuesOf(valued, typed, terminal, reached);
  if (typed.startsWith('-') && typed !== '-') {
    const candidates = Object.entries(flags).map(([name, { description }]) => `--${name}\t${description}`);
    return { candidates, directive: directives.noFile };
  }
  if (reached.kind === 'group') return { candidates: namesIn(reached.group), directive: directives.noFile };
  const invocation = parseInvocation(
    { ...reached.command, positionals: ANY_NUMBER },
    reached.rest,
    reached.title,
  );
  const positional = reached.command.positionals[invocation.positionals.length];
  const subcommands = invocation.positionals.length === 0 ? namesIn(reached.group) : [];
  if (positional === undefined) return { candidates: subcommands, directive: directives.noFile };
  const offer = await argumentsFor(positional, typed, terminal, reached);
  return { ...offer, candidates: [...subcommands, ...offer.candidates] };
}

/** Completing the second argument does not mean that the first one was right. */
const ANY_NUMBER: readonly Positional[] = Array.from({ length: 16 }, () => ({ placeholder: 'WORD' }));

function flagBefore(word: string | undefined, flags: Readonly<Record<string, Flag>>): Flag | undefined {
  if (word === undefined || !word.startsWith('-') || word.includes('=')) return undefined;
  const found = Object.entries(flags).find(
    ([name, { short }]) => word === `--${name}` || word === `-${short ?? ''}`,
  );
  return found === undefined || found[1].type === 'boolean' ? undefined : found[1];
}

function namesIn(group: Group | undefined): Candidates {
  return (group?.entries ?? []).map(({ name, summary }) => `${name}\t${summary}`);
}

async function valuesOf(flag: Flag, typed: string, terminal: Terminal, reached: Route): Promise<Offer> {
  if (flag.values !== undefined) return { candidates: flag.values, directive: directives.noFile };
  if (flag.completes === 'workspace') {
    // The flag itself has no value yet.
    const before = { ...reached, rest: reached.rest.slice(0, -1) };
    return argumentsFor({ placeholder: 'PATH', completes: 'workspace' }, typed, terminal, before);
  }
  return { candidates: [], directive: flag.placeholder === 'FILE' ? directives.files : directives.noFile };
}

async function argumentsFor(
  positional: Positional,
  typed: string,
  terminal: Terminal,
  reached: Route,
): Promise<Offer> {
  if (isChoice(positional)) return { candidates: positional, directive: directives.noFile };
  if (positional.completes === undefined || reached.kind !== 'command')
    return { candidates: [], directive: directives.noFile };
  const invocation = parseInvocation(
    { ...reached.command, positionals: ANY_NUMBER },
    reached.rest,
    reached.title,
  );
  const patient = { ...invocation, flags: { 'request-timeout': `${PATIENCE_MS}ms`, ...invocation.flags } };
  const session = await openSession(patient, terminal);
  if (positional.completes === 'binding')
    return { candidates: await bindingNames(session), directive: directives.noFile };
  const candidates = await pathsFor(session, typed, positional.completes === 'export');
  // Behind a workspace another segment may follow.
  return { candidates, directive: directives.noFile | directives.noSpace };
}

async function bindingNames(session: Session): Promise<Candidates> {
  const client = await session.client();
  const workspace = workspaceOf(session);
  const version: ApisVersion = await apisVersion(client, workspace);
  return (await listBindings(client, workspace, version)).map(({ metadata }) => metadata.name);
}

/** Workspaces, and exports too if they are wanted, below what has been typed up to the last colon. */
async function pathsFor(session: Session, typed: string, withExports: boolean): Promise<Candidates> {
  const separator = Math.max(typed.lastIndexOf(':'), typed.lastIndexOf('/'));
  const head = typed.slice(0, separator + 1);
  // References to exports are absolute with or without a colon in front.
  const isAbsolute = withExports && !head.startsWith(':') && head !== '';
  const parent = parentOf(session, isAbsolute ? `:${head}` : head);
  if (withExports && head === '') return ['root:'];
  if (head === ':') return [':root'];
  if (!isWorkspacePath(parent) && !parent.startsWith('user:')) return [];
  const client = await session.client();
  const [children, exports] = await Promise.all([
    listWorkspaces(client, parent, CANDIDATES_MAX).catch(() => []),
    withExports ? exportNames(session, parent) : [],
  ]);
  return [
    ...children.map(({ metadata }) => `${head}${metadata.name}`),
    ...exports.map((name) => `${head}${name}\tAPIExport`),
  ];
}

function parentOf(session: Session, head: string): string {
  const current = session.current?.path ?? 'root';
  const name = head.replace(/[:/]$/, '');
  return name === '' ? current : resolveWorkspace(name, { current, abovePath: 'there is nothing above' });
}

async function exportNames(session: Session, workspace: string): Promise<readonly string[]> {
  const client = await session.client();
  const path = `${clusterPath(workspace)}/apis/apis.kcp.io/v1alpha2/apiexports`;
  const found = await listPages<{ readonly metadata: { readonly name: string } }>(
    client,
    path,
    CANDIDATES_MAX,
  ).catch(() => []);
  return found.map(({ metadata }) => metadata.name);
}
