import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { Client } from '../http/client.ts';
import { freePort, type ServerProcess, startServer } from '../support/server.ts';
import { Random } from './random.ts';

export const ROUNDS = Number(process.env['ANTIPODE_KILL_ROUNDS'] ?? 3);
const SEED = Number(process.env['ANTIPODE_KILL_SEED'] ?? Date.now() % 1_000_000);

/** What a kill comes into. */
export interface KillRound {
  /** Goes on while the server is killed; never rejects. */
  readonly work: Promise<unknown>;
  /** Looks at the server that has come back, which goes on into the next round. */
  check(reader: Client, server: ServerProcess): Promise<void>;
}

/** Kills a server at random moments of some work, and has it looked at after each restart, on the same directory and port. */
export async function killRounds(options: {
  /** Of its directory. */
  readonly name: string;
  readonly killAfterMsMax: number;
  /** For several tests of one seed. */
  readonly seedOffset?: number;
  readonly args?: readonly string[];
  setUp?(client: Client): Promise<void>;
  /** Prepares a round, and begins with its work. */
  begin(writer: Client, round: number): Promise<KillRound>;
}): Promise<void> {
  const { name, killAfterMsMax, seedOffset = 0, args = [] } = options;
  console.log(`kill -9: to repeat, set ANTIPODE_KILL_SEED=${SEED} ANTIPODE_KILL_ROUNDS=${ROUNDS}`);
  const rootDirectory = await mkdtemp(join(tmpdir(), `antipode-${name}-`));
  onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
  const random = new Random(SEED + seedOffset);
  const port = await freePort();
  const start = async (): Promise<ServerProcess> => {
    const server = await startServer({ rootDirectory, port, args });
    onTestFinished(async () => void (await server.stop()));
    return server;
  };
  let server = await start();
  if (options.setUp !== undefined) await withClient(server, options.setUp);
  for (let round = 0; round < ROUNDS; round++) {
    const writer = new Client(server);
    const { work, check } = await options.begin(writer, round);
    await delay(random.below(killAfterMsMax));
    await server.kill('SIGKILL');
    await work;
    writer.close();
    server = await start();
    const restarted = server;
    await withClient(restarted, (reader) => check(reader, restarted));
  }
}

async function withClient(server: ServerProcess, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(server);
  await use(client);
  client.close();
}
