import { ApiFailure } from './client/api-failure.ts';
import type { ApiClient } from './client/client.ts';
import { Failure } from './failure.ts';
import { clusterPath, parseWorkspaceUrl } from './workspace-path.ts';

/** What the commands read of a Workspace. */
export interface Workspace {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly deletionTimestamp?: string;
    readonly [field: string]: unknown;
  };
  readonly spec?: {
    readonly URL?: string;
    readonly cluster?: string;
    readonly type?: WorkspaceTypeReference;
    readonly mount?: unknown;
  };
  readonly status?: { readonly phase?: string; readonly [field: string]: unknown };
}

export interface WorkspaceTypeReference {
  readonly name?: string;
  readonly path?: string;
}

const WORKSPACES = '/apis/tenancy.kcp.io/v1alpha1/workspaces';
/** Items of one page of a list. */
const PAGE_SIZE = 500;

export function workspacesPath(parent: string): string {
  return `${clusterPath(parent)}${WORKSPACES}`;
}

export function getWorkspace(client: ApiClient, parent: string, name: string): Promise<Workspace> {
  return client.send<Workspace>(`${workspacesPath(parent)}/${encodeURIComponent(name)}`);
}

/** The children of a workspace, page by page, at most `limit` of them. */
export async function listWorkspaces(
  client: ApiClient,
  parent: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly Workspace[]> {
  return listPages<Workspace>(client, workspacesPath(parent), limit);
}

/** The items of a collection, page by page, at most `limit` of them. */
export async function listPages<T>(
  client: ApiClient,
  path: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly T[]> {
  const items: T[] = [];
  let next = '';
  do {
    const pageSize = Math.min(PAGE_SIZE, limit - items.length);
    const query = `limit=${pageSize}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const page = await client.send<{
      readonly items?: readonly T[];
      readonly metadata?: { readonly continue?: string };
    }>(`${path}?${query}`);
    items.push(...(page.items ?? []));
    next = page.metadata?.continue ?? '';
  } while (next !== '' && items.length < limit);
  return items;
}

/** `root:organization`, as it is shown. */
export function typeText(type: WorkspaceTypeReference | undefined): string {
  return [type?.path, type?.name].filter((part) => part !== undefined && part !== '').join(':');
}

/** The path of the asker's home workspace, which is made by asking for it. */
export async function homePath(client: ApiClient): Promise<string> {
  const home = await client.send<Workspace>(`${workspacesPath('root')}/~`);
  const url = home.spec?.URL ?? '';
  const parsed = parseWorkspaceUrl(url);
  if (parsed !== undefined) return parsed.path;
  throw new Failure(`invalid home workspace URL ${JSON.stringify(url)}: it has no path behind /clusters/`);
}

/** Whether the asker may enter a workspace: discovery answers, and knows something. */
export async function mayEnter(client: ApiClient, path: string): Promise<boolean> {
  try {
    const { groups } = await client.send<{ readonly groups?: readonly unknown[] }>(
      `${clusterPath(path)}/apis`,
    );
    return (groups ?? []).length > 0;
  } catch (error) {
    if (error instanceof ApiFailure && error.isForbidden) return false;
    throw error;
  }
}
