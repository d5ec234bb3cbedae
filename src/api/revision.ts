import { limits, parseRevision, type Revision } from '../base/mod.ts';
import { newBadRequest, newTooLargeResourceVersion } from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';

/** The revision that a resourceVersion parameter names: 0 for `0`, undefined when absent; 400 for other texts, told behind `prefix`. */
export function parseResourceVersion(text: string, prefix = ''): Revision | undefined {
  if (text === '') return undefined;
  const revision = parseRevision(text) ?? beyondAll(text);
  if (revision === undefined) {
    throw newBadRequest(
      `${prefix}resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  }
  return revision;
}

/** Integers that no revision of ours will reach, but that upstream's 64 bits hold: no fault of form. */
function beyondAll(text: string): Revision | undefined {
  const isUint64 = /^[1-9][0-9]{15,19}$/.test(text) && BigInt(text) < 2n ** 64n;
  return isUint64 ? (Number.MAX_SAFE_INTEGER as Revision) : undefined;
}

/** Waits until this member has a revision; 504 (ResourceVersionTooLarge) when it does not come in time. */
export async function reach(api: Api, revision: Revision, context: RequestContext): Promise<void> {
  if (revision <= api.store.revision) return;
  const timeout = AbortSignal.timeout(limits.futureRevisionWaitMs);
  const isOver = AbortSignal.any([timeout, context.signal]);
  const gaveUp = new Promise<void>((resolve) => {
    isOver.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([api.store.feed.reached(revision, isOver), gaveUp]);
  context.signal.throwIfAborted();
  if (revision > api.store.revision) {
    throw newTooLargeResourceVersion(String(revision), String(api.store.revision));
  }
}
