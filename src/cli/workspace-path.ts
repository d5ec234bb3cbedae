import { Failure } from './failure.ts';

/** A server URL, taken apart at `/clusters/`. */
export interface WorkspaceUrl {
  /** Everything before `/clusters/`, without a slash at its end. */
  readonly base: string;
  /** `root:org:team`. */
  readonly path: string;
}

const CLUSTERS = '/clusters/';

/** Takes the URL of a workspace apart; undefined if it is none. */
export function parseWorkspaceUrl(server: string): WorkspaceUrl | undefined {
  if (!URL.canParse(server)) return undefined;
  const url = new URL(server);
  const index = url.pathname.indexOf(CLUSTERS);
  if (index < 0) return undefined;
  const path = decoded(url.pathname.slice(index + CLUSTERS.length).split('/')[0] ?? '');
  if (path === '') return undefined;
  const authority = `${url.username === '' ? '' : `${url.username}@`}${url.host}`;
  return { base: `${url.protocol}//${authority}${url.pathname.slice(0, index)}`, path };
}

export function workspaceUrl({ base, path }: WorkspaceUrl): string {
  return `${base}${CLUSTERS}${path}`;
}

/** The path of the request for something in a workspace. */
export function clusterPath(path: string): string {
  return `${CLUSTERS}${encodeURIComponent(path).replaceAll('%3A', ':')}`;
}

/** The parent's path and the own name; a path of one segment has no parent. */
export function splitPath(path: string): { readonly parent: string | undefined; readonly name: string } {
  const index = path.lastIndexOf(':');
  return index < 0
    ? { parent: undefined, name: path }
    : { parent: path.slice(0, index), name: path.slice(index + 1) };
}

/** `root` of `root:org:team`. */
export function topOf(path: string): string {
  return path.split(':')[0] ?? path;
}

/**
 * The absolute path that `name` means, seen from `current`: `:root:a` is absolute, all else is relative, and
 * `.` and `..` are what they are in a file system. Slashes stand for colons.
 */
export function resolveWorkspace(
  name: string,
  { current, abovePath }: { readonly current: string; readonly abovePath: string },
): string {
  const text = name.replaceAll('/', ':');
  const segments: string[] = [];
  for (const segment of (text.startsWith(':') ? text.slice(1) : `${current}:${text}`).split(':')) {
    if (segment === '.') continue;
    if (segment !== '..') {
      segments.push(segment);
      continue;
    }
    if (segments.length === 0) throw new Failure(abovePath);
    segments.pop();
  }
  // `..` of the topmost workspace: there is nothing above it.
  if (segments.length === 0) throw new Failure(abovePath);
  return segments.join(':');
}

/** Whether a path has the form of kcp's: names joined by colons. */
export function isWorkspacePath(path: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(path);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
