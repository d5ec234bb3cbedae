import type { Exchange } from './exchange.ts';

/** One thing that has to be right; it returns a reason when it is not. */
export interface HealthCheck {
  readonly name: string;
  readonly endpoints: readonly string[];
  failure(): string | undefined;
}

/** `/healthz`, `/livez`, `/readyz` and their single checks, in upstream's wording. */
export function sendHealth(
  exchange: Exchange,
  request: { readonly endpoint: string; readonly check: string; readonly checks: readonly HealthCheck[] },
): void {
  const { endpoint, check, checks } = request;
  const applicable = checks.filter(({ endpoints }) => endpoints.includes(endpoint));
  if (check !== '')
    return sendOne(
      exchange,
      applicable.find(({ name }) => name === check),
    );
  const excluded = new Set(exchange.query.all('exclude'));
  const lines: string[] = [];
  let isFailed = false;
  for (const { name, failure } of applicable) {
    if (excluded.delete(name)) lines.push(`[+]${name} excluded: ok`);
    else if (failure() === undefined) lines.push(`[+]${name} ok`);
    else {
      isFailed = true;
      lines.push(`[-]${name} failed: reason withheld`);
    }
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((name) => JSON.stringify(name)).join(', ');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (isFailed) return send(exchange, 500, `${lines.join('\n')}\n${endpoint} check failed\n`);
  if (!exchange.query.has('verbose')) return send(exchange, 200, 'ok');
  send(exchange, 200, `${lines.join('\n')}\n${endpoint} check passed\n`);
}

function sendOne(exchange: Exchange, check: HealthCheck | undefined): void {
  if (check === undefined) return send(exchange, 404, '404 page not found\n');
  const failure = check.failure();
  if (failure === undefined) send(exchange, 200, 'ok');
  else send(exchange, 500, `internal server error: ${failure}\n`);
}

function send(exchange: Exchange, code: number, text: string): void {
  const headers = { 'X-Content-Type-Options': 'nosniff' };
  exchange.send({ code, contentType: 'text/plain; charset=utf-8', headers }, Buffer.from(text));
}
