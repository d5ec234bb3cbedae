import { limits, pauseFor } from '../base/mod.ts';

/**
 * Frames one by one. Between some of many others get their turn, and what was appended goes to the disk meanwhile: after a cut
 * there are thousands.
 */
export async function* inTurns(frames: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const pause = pauseFor(frames.reduce((sum, { length }) => sum + length, 0));
  let sinceBytes = 0;
  for (const bytes of frames) {
    sinceBytes += bytes.length;
    if (sinceBytes >= limits.applyStepBytes) {
      sinceBytes = 0;
      await pause();
    }
    yield bytes;
  }
}
