import type { Socket } from 'node:net';

/**
 * Answers what Node's parser refuses, in the plain text in which Go's server does: there is no request yet
 * that a Status could be the answer to.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const line = statusLine(error.code);
  const head = [
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${line.length}`,
    'Connection: close',
  ];
  socket.end(`HTTP/1.1 ${line}\r\n${head.join('\r\n')}\r\n\r\n${line}`);
}

function statusLine(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
}
