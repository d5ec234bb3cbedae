import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { limits } from '../base/mod.ts';

/**
 * Closes an HTTP/2 session on which nothing was asked for in the first `headersMs`, or nothing has been open
 * for `idleMs`. What clients send to keep a connection alive does not count, unlike in Node's own timeout.
 */
export function limitSession(
  session: ServerHttp2Session,
  timeouts: { readonly headersMs: number; readonly idleMs: number },
): void {
  let openStreams = 0;
  let idle: NodeJS.Timeout | undefined;
  let last = after(timeouts.headersMs, () => session.destroy());
  const onIdle = () => {
    if (openStreams > 0 || session.destroyed) return;
    // A client that heeds this sends its next request elsewhere, and closes. Node's own way of closing would
    // wait for a client that does not.
    session.goaway();
    last = after(limits.overdueGraceMs, () => session.destroy());
  };
  session.on('stream', (stream: ServerHttp2Stream) => {
    clearTimeout(last);
    openStreams += 1;
    stream.once('close', () => {
      openStreams -= 1;
      if (openStreams > 0 || session.destroyed) return;
      // One timer per session, put off by each request: when it fires during one, the next end sets it again.
      if (idle === undefined) idle = after(timeouts.idleMs, onIdle);
      else idle.refresh();
    });
  });
  session.once('close', () => {
    clearTimeout(last);
    clearTimeout(idle);
  });
}

function after(delayMs: number, task: () => void): NodeJS.Timeout {
  const timer = setTimeout(task, delayMs);
  timer.unref();
  return timer;
}
