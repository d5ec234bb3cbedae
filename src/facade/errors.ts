import { newWorkspaceForbidden, type User } from '../access/mod.ts';
import { encodeIn, UnknownCluster, UnknownResource } from '../api/mod.ts';
import { ROOT_CLUSTER } from '../base/mod.ts';
import { StatusError, statusOf } from '../machinery/mod.ts';
import { ClientGone, type Exchange } from './exchange.ts';
import { NobodyToImpersonate } from './impersonation.ts';
import { contentTypeOf, errorMedia } from './negotiate.ts';
import { questionOf, verbOf } from './verb.ts';

/** Told of every failure that is ours, not the caller's. */
export type FailureReport = (
  error: unknown,
  request: { readonly method: string; readonly url: string },
) => void;

/** The path leads through a workspace that cannot be used now: kcp's front proxy says so in plain text. */
export class WorkspaceUnavailable extends Error {
  override readonly name = 'WorkspaceUnavailable';
}

/** The one place where errors become responses. */
export function sendError(
  exchange: Exchange,
  error: unknown,
  context: { readonly user: User | undefined; readonly report: FailureReport },
): void {
  if (error instanceof ClientGone || exchange.response.destroyed || exchange.isOver) return;
  if (exchange.response.headersSent) return void exchange.response.destroy();
  if (error instanceof StatusError) return sendStatus(exchange, error);
  if (error instanceof UnknownResource) return sendNotFound(exchange);
  if (error instanceof WorkspaceUnavailable) return sendText(exchange, 503, 'Not available.');
  if (error instanceof NobodyToImpersonate) return sendFailure(exchange, `: ${error.message}`);
  if (error instanceof UnknownCluster && context.user !== undefined) {
    return sendStatus(exchange, forbiddenCluster(exchange, context.user));
  }
  const url = exchange.routed.prefix + exchange.routed.path;
  context.report(error, { method: exchange.method, url });
  sendFailure(exchange, '');
}

function sendFailure(exchange: Exchange, detail: string): void {
  const { prefix, path } = exchange.routed;
  const text = `Internal Server Error: ${JSON.stringify(prefix + path)}${detail}\n`;
  exchange.send({ code: 500, contentType: 'text/plain; charset=utf-8' }, Buffer.from(text));
}

/** A Status in the media type that the client prefers, if it is one of ours; JSON otherwise. */
export function sendStatus(exchange: Exchange, error: StatusError): void {
  const media = errorMedia(exchange.header('accept'));
  const headers: Record<string, string> = {};
  if (error.details?.retryAfterSeconds) headers['Retry-After'] = String(error.details.retryAfterSeconds);
  if (error.code === 403) headers['X-Content-Type-Options'] = 'nosniff';
  // A body that was refused unread, or did not come, must not be taken for the next request on the connection.
  const isUnread = error.code === 413 || (error.code === 504 && !exchange.request.complete);
  if (isUnread && exchange.request.httpVersionMajor === 1) headers['Connection'] = 'close';
  // Who takes none of our types gets JSON for people to read.
  const format = { media: media ?? 'json', isPretty: media === undefined || prettyOf(exchange) } as const;
  const contentType = contentTypeOf(format, { isStream: false });
  exchange.send({ code: error.code, contentType, headers }, encodeIn(format, statusOf(error)));
}

/** A path that nothing is registered at: plain text, by which clients tell it from a missing object. */
export function sendNotFound(exchange: Exchange): void {
  sendText(exchange, 404, '404 page not found');
}

function sendText(exchange: Exchange, code: number, text: string): void {
  const headers = { 'X-Content-Type-Options': 'nosniff' };
  exchange.send({ code, contentType: 'text/plain; charset=utf-8', headers }, Buffer.from(`${text}\n`));
}

/** The answer for a name that no logical cluster can have: byte for byte that for one that the user may not enter. */
function forbiddenCluster(exchange: Exchange, user: User): StatusError {
  const { path, route } = exchange.routed;
  const asked = { user, cluster: ROOT_CLUSTER };
  if (route.kind !== 'resource') {
    return newWorkspaceForbidden({ ...asked, verb: exchange.method.toLowerCase(), path });
  }
  return newWorkspaceForbidden(questionOf(exchange, { ...asked, ...route, verb: verbOf(exchange, route) }));
}

function prettyOf(exchange: Exchange): boolean {
  try {
    return exchange.isPretty;
  } catch {
    return false;
  }
}
