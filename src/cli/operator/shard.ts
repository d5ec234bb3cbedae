import { ApiFailure } from '../client/api-failure.ts';
import { type Command, type Flag, type Invocation, UsageError } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { printAs, wideOutputFlag } from '../output.ts';
import { withProgress } from '../progress.ts';
import { openSession } from '../session.ts';
import { tableText } from '../table-text.ts';
import type { Terminal } from '../terminal.ts';
import { type Action, actionCommand, textFlag } from './action-command.ts';
import { askPlanet } from './planet-client.ts';
import { type PlanetStatus, shardHeader, shardRow, shardTroubles } from './planet-status.ts';

/** What became of a command about a shard. */
interface Outcome {
  readonly shard: string;
  readonly epoch: number;
  readonly losses?: string;
}

const list: Action = {
  does: 'Show where shards are homed, what they survive, and how far their voters are',
  flags: { output: wideOutputFlag },
  async run(invocation, terminal) {
    const session = await openSession(invocation, terminal);
    const { shards } = await askPlanet<PlanetStatus>(session, 'status');
    const { output } = invocation.flags;
    if (await printAs(output, shards, terminal)) return exitCode.done;
    const isWide = output === 'wide';
    terminal.out(tableText([shardHeader(isWide), ...shards.map((shard) => shardRow(shard, isWide))]));
    for (const line of shards.flatMap(shardTroubles)) terminal.err(`${line}\n`);
    return exitCode.done;
  },
};

const region = (action: string): Flag => ({
  type: 'string',
  placeholder: 'REGION',
  description: `With ${action}, the region that is to be the home`,
});

const move: Action = {
  does: 'Hand a shard over to another region; nothing is lost, writes pause for a moment',
  argument: 'SHARD',
  flags: { to: region('move'), output: wideOutputFlag },
  async run(invocation, terminal) {
    const to = needed(invocation, 'to', 'us');
    const outcome = await order(invocation, terminal, { action: 'move', body: { region: to } });
    return done(outcome, `Shard ${outcome.shard} is homed in ${to}, in epoch ${outcome.epoch}.`, {
      invocation,
      terminal,
    });
  },
};

const promote: Action = {
  does: 'Make a region the home of a shard whose home is lost',
  argument: 'SHARD',
  flags: {
    region: region('promote'),
    'accept-loss': {
      type: 'boolean',
      description: 'With promote, go on even if acknowledged writes may be lost',
    },
    output: wideOutputFlag,
  },
  async run(invocation, terminal) {
    const to = needed(invocation, 'region', 'us');
    const acceptLoss = invocation.flags['accept-loss'] === true;
    const outcome = await order(invocation, terminal, {
      action: 'promote',
      body: { region: to, acceptLoss },
    });
    const losses = outcome.losses === undefined ? '' : `\nWhat was accepted: ${outcome.losses}`;
    const line = `Shard ${outcome.shard} is homed in ${to}, in epoch ${outcome.epoch}.${losses}`;
    return done(outcome, line, { invocation, terminal });
  },
};

const setGoal: Action = {
  does: 'Say what acknowledged writes of a shard survive: process, zone or region',
  argument: 'SHARD',
  flags: {
    goal: {
      type: 'string',
      placeholder: 'GOAL',
      values: ['process', 'zone', 'region'],
      description: 'With set-goal, what writes survive from now on',
    },
    output: wideOutputFlag,
  },
  async run(invocation, terminal) {
    const goal = needed(invocation, 'goal', 'region');
    const outcome = await order(invocation, terminal, { action: 'goal', body: { goal } });
    return done(outcome, `What shard ${outcome.shard} acknowledges survives the loss of a ${goal}.`, {
      invocation,
      terminal,
    });
  },
};

export const shardCommand: Command = actionCommand({
  name: 'shard',
  summary: 'Show the shards of a planet, and move them between regions',
  actions: { list, move, promote, 'set-goal': setGoal },
  examples: [
    { does: 'Where is what?', line: 'antipode shard list' },
    { does: 'To another region, with nothing lost', line: 'antipode shard move root --to us' },
    { does: 'After the region of its home was lost', line: 'antipode shard promote root --region us' },
    { does: 'Writes survive the loss of a region', line: 'antipode shard set-goal root --goal region' },
  ],
});

async function order(
  invocation: Invocation,
  terminal: Terminal,
  { action, body }: { readonly action: string; readonly body: object },
): Promise<Outcome> {
  const [shard = ''] = invocation.positionals;
  const session = await openSession(invocation, terminal);
  const path = `shards/${encodeURIComponent(shard)}/${action}`;
  const asked = askPlanet<Outcome>(session, path, { method: 'POST', body });
  try {
    return await withProgress(asked, 'waiting for the voters of the shard …\n', terminal);
  } catch (error) {
    if (!(error instanceof ApiFailure) || !error.causes.includes('WouldLose')) throw error;
    throw new Failure(error.message, {
      exitCode: exitCode.conflict,
      hint: 'Give --accept-loss to go on with that; what is lost then is reported when the former home returns.',
      cause: error,
    });
  }
}

async function done(
  outcome: Outcome,
  line: string,
  { invocation, terminal }: { readonly invocation: Invocation; readonly terminal: Terminal },
): Promise<number> {
  if (!(await printAs(invocation.flags['output'], outcome, terminal))) terminal.out(`${line}\n`);
  return exitCode.done;
}

function needed(invocation: Invocation, flag: string, example: string): string {
  const value = textFlag(invocation, flag);
  if (value !== undefined) return value;
  const [shard = 'SHARD'] = invocation.positionals;
  throw new UsageError(
    `${invocation.title} needs --${flag}, such as ${invocation.title} ${shard} --${flag} ${example}`,
  );
}
