import { limits } from '../../base/mod.ts';
import { QuestionRefused, type Transport } from '../../replication/mod.ts';
import type { ReplicatedLog } from '../../store/mod.ts';
import { decodeRefillRequest, encodeRefillAnswer, type RefillRequest } from './refill-messages.ts';

export const REPLAY_TOPIC = 'log-replay';
export const STATE_TOPIC = 'log-state';
/** A state is read at the speed of the link, and pins what it reads. */
const STATES_AT_ONCE_MAX = 4;

/** Gives other members frames and states of the logs that this member has, until the returned function is called. */
export function serveRefill(
  transport: Transport,
  logNamed: (name: string) => ReplicatedLog | undefined,
): () => void {
  const asked = (body: Uint8Array): { readonly log: ReplicatedLog; readonly request: RefillRequest } => {
    const request = requestOf(body);
    const log = logNamed(request.log);
    if (log === undefined) throw new QuestionRefused('this member does not have that log');
    return { log, request };
  };
  const stops = [
    transport.serve({
      topic: REPLAY_TOPIC,
      isForRegion: true,
      answer: async ({ body }) => {
        const { log, request } = asked(body);
        return replay(log, request);
      },
    }),
    transport.serve({
      topic: STATE_TOPIC,
      isForRegion: true,
      atOnceMax: STATES_AT_ONCE_MAX,
      answer: async ({ body }) => {
        const { log } = asked(body);
        if (log.visible.sequence === 0) throw new QuestionRefused('there is no state here yet');
        return log.exportState();
      },
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function requestOf(body: Uint8Array): RefillRequest {
  try {
    return decodeRefillRequest(body);
  } catch (error) {
    throw new QuestionRefused('the request cannot be read', { cause: error });
  }
}

async function replay(log: ReplicatedLog, request: RefillRequest): Promise<Uint8Array> {
  const replayed = log.replay(request.from);
  if (replayed.kind === 'below') return encodeRefillAnswer(replayed);
  const bytesMax = Math.min(request.bytesMax, limits.replayBytesMax);
  const frames: Uint8Array[] = [];
  let sizeBytes = 0;
  // At least one, however large it is.
  scan: for await (const batch of replayed.batches) {
    for (const { bytes } of batch) {
      if (frames.length > 0 && sizeBytes + bytes.length > bytesMax) break scan;
      frames.push(bytes);
      sizeBytes += bytes.length;
    }
  }
  return encodeRefillAnswer({
    kind: 'frames',
    frames,
    epoch: log.end.epoch,
    mark: log.visible.sequence,
  });
}
