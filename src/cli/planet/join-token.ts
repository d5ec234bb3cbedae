import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { administratorOf } from './planet-kubeconfig.ts';

/** Longer than a start takes on a machine that does something else. */
const TTL_SECONDS = 600;
const TIMEOUT_MS = 30_000;
const ATTEMPTS_MAX = 30;

/** Has the founder make a token by which the member of one region may join. */
export async function createJoinToken(options: {
  /** The file that the founder has written. */
  readonly kubeconfig: string;
  readonly url: string;
  readonly region: string;
}): Promise<string> {
  const { kubeconfig, url, region } = options;
  const { ca, token } = await administratorOf(kubeconfig);
  const ask = () =>
    post(`${url}/planet/join-tokens`, { ca, token, body: { region, uses: 1, ttlSeconds: TTL_SECONDS } });
  let { status, text } = await ask();
  // A region that has just joined is a voter that its home has not heard yet.
  for (let attempt = 1; status === 503 && attempt < ATTEMPTS_MAX; attempt++) {
    await delay(1_000);
    ({ status, text } = await ask());
  }
  const answer = parsed(text);
  if (status >= 200 && status < 300 && answer?.token !== undefined) return answer.token;
  throw new Failure(
    `no token to join the planet could be made for region ${region}: ${answer?.message ?? `status ${status}`}`,
  );
}

function post(
  url: string,
  what: { readonly ca: Buffer; readonly token: string; readonly body: object },
): Promise<{ readonly status: number; readonly text: string }> {
  const body = JSON.stringify(what.body);
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        ca: what.ca,
        agent: false,
        timeout: TIMEOUT_MS,
        headers: {
          authorization: `Bearer ${what.token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.once('error', reject);
      },
    );
    sent.once('timeout', () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
    sent.once('error', reject);
    sent.end(body);
  });
}

function parsed(text: string): { readonly token?: string; readonly message?: string } | undefined {
  try {
    return JSON.parse(text) as { readonly token?: string; readonly message?: string };
  } catch {
    return undefined;
  }
}
