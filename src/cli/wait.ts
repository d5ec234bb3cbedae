import { setTimeout as delay } from 'node:timers/promises';

const FIRST_WAIT_MS = 25;
const WAIT_MS_MAX = 500;

/** Asks again and again, more and more slowly, until the answer is a value; undefined when the time is over. */
export async function waitFor<T>(
  timeoutMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadlineMs = Date.now() + timeoutMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, WAIT_MS_MAX)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() + waitMs > deadlineMs) return undefined;
    await delay(waitMs);
  }
}
