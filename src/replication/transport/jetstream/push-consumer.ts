import type { JetStreamManager } from '@nats-io/jetstream';
import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { limits } from '../../../base/mod.ts';
import type { ConsumeOptions, Consumption } from '../carrier.ts';
import { errorText } from './outcomes.ts';

export interface PushConsumerOptions extends ConsumeOptions {
  readonly connection: NatsConnection;
  readonly isConnected: () => boolean;
  readonly manager: JetStreamManager;
  readonly inbox: string;
}

const NANOSECONDS_PER_MS = 1_000_000;
/** A server keeps a consumer that nobody hears for so long; the follower has made another one before. */
const INACTIVE_MS = 10_000;

/**
 * Messages of a stream from a sequence on, pushed by an ephemeral consumer without acknowledgements, with flow control
 * and heartbeats: what an ordered consumer is made of. The client's own ordered consumers begin again by themselves
 * for ever, at a sequence of the stream, and do not say why they have stopped; a follower finds its place by frames,
 * and must know. Throws what JetStream's API answers.
 */
export async function consume(options: PushConsumerOptions): Promise<Consumption> {
  const { connection, manager, stream } = options;
  const inbox = createInbox(options.inbox);
  let delivered = 0;
  let isStopped = false;
  // Subjects on which the server is told to go on, when there is room again.
  let waiting: string | undefined;
  const answer = (subject: string) => {
    if (!options.isConnected()) return;
    if (options.mayProceed()) connection.publish(subject);
    else waiting = subject;
  };
  const end = (detail: string) => {
    if (!isStopped) options.onEnd(detail);
  };

  const onStatus = (message: Msg) => {
    const { headers } = message;
    if (headers?.code !== 100) return end(`the server ended the consumer: ${headers?.description ?? ''}`);
    // Flow control asks on the reply subject; a heartbeat repeats a question whose answer got lost.
    const stalled = headers.get('Nats-Consumer-Stalled');
    if (message.reply) answer(message.reply);
    else if (stalled !== '') answer(stalled);
    const last = Number(headers.get('Nats-Last-Consumer'));
    if (last > delivered) end(`the server has sent ${last} messages of ${stream}, and ${delivered} came`);
  };

  const subscription = connection.subscribe(inbox, {
    callback: (error, message) => {
      if (isStopped) return;
      if (error) return end(errorText(error));
      options.onAlive();
      if (!message.reply?.startsWith('$JS.ACK.')) return onStatus(message);
      const place = placeOf(message.reply);
      delivered = place.delivery;
      options.onMessage(
        {
          sequence: place.sequence,
          // Read when somebody asks: followers do not, and thousands come at once.
          get id() {
            return message.headers?.get('Nats-Msg-Id') ?? '';
          },
          payload: message.data,
        },
        place.delivery,
      );
    },
  });

  const stop = () => {
    isStopped = true;
    if (!subscription.isClosed()) subscription.unsubscribe();
  };
  let name: string;
  try {
    const info = await manager.consumers.add(stream, {
      deliver_subject: inbox,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: options.fromSequence,
      ack_policy: 'none',
      max_deliver: 1,
      replay_policy: 'instant',
      flow_control: true,
      idle_heartbeat: limits.followHeartbeatMs * NANOSECONDS_PER_MS,
      inactive_threshold: INACTIVE_MS * NANOSECONDS_PER_MS,
      mem_storage: true,
      num_replicas: 1,
    });
    name = info.name;
  } catch (error) {
    stop();
    throw error;
  }
  return {
    proceed() {
      const subject = waiting;
      waiting = undefined;
      if (subject !== undefined && !isStopped) answer(subject);
    },
    stop() {
      if (isStopped) return;
      stop();
      // One that cannot be deleted now goes by itself when nobody has heard it for a while.
      if (options.isConnected()) manager.consumers.delete(stream, name).catch(() => {});
    },
  };
}

/**
 * `$JS.ACK.<stream>.<consumer>.<times>.<sequence>.<delivery>.<time>.<pending>`; newer servers have domain and account
 * before the stream, and one more token at the end.
 */
function placeOf(reply: string): { readonly sequence: number; readonly delivery: number } {
  const tokens = reply.split('.');
  const offset = tokens.length >= 11 ? 7 : 5;
  return { sequence: Number(tokens[offset]), delivery: Number(tokens[offset + 1]) };
}
