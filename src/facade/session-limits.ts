import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';

/**
 * Closes an HTTP/2 session on which nothing was asked for in the first `headersMs`, or nothing has been open
 * for `idleMs`. What clients send to keep a connection alive does not count, unlike in Node's own timeout.
 */
export function limitSession(
  session: ServerHttp2Session,
  limits: { readonly headersMs: number; readonly idleMs: number },
): void {
  let openStreams = 0;
  let idle: NodeJS.Timeout | undefined;
  const first = setTimeout(() => session.destroy(), limits.headersMs);
  first.unref();
  session.on('stream', (stream: ServerHttp2Stream) => {
    clearTimeout(first);
    openStreams += 1;
    stream.once('close', () => {
      openStreams -= 1;
      if (openStreams > 0 || session.destroyed) return;
      // One timer per session, put off by each request: when it fires during one, the next end sets it again.
      if (idle === undefined) {
        idle = setTimeout(() => {
          if (openStreams === 0) session.close();
        }, limits.idleMs);
        idle.unref();
      } else idle.refresh();
    });
  });
  session.once('close', () => {
    clearTimeout(first);
    clearTimeout(idle);
  });
}
