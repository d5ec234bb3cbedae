import { type Command, type Invocation, UsageError } from '../command.ts';
import { parseDurationMs } from '../duration.ts';
import { exitCode } from '../exit-code.ts';
import { outputFlag, printAs } from '../output.ts';
import { withProgress } from '../progress.ts';
import { openSession } from '../session.ts';
import { tableText } from '../table-text.ts';
import { type Action, actionCommand, textFlag } from './action-command.ts';
import { askPlanet } from './planet-client.ts';

/** A join token as the server shows it; the text is there when it is made, and never again. */
interface JoinToken {
  readonly id: string;
  readonly state: string;
  readonly uses: number;
  readonly members: readonly string[];
  readonly region?: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly token?: string;
}

const create: Action = {
  does: 'Make a token and print it; nobody can see it again',
  flags: {
    ttl: {
      type: 'string',
      placeholder: 'DURATION',
      default: '24h',
      description: 'With create, how long members can join by it; at most 720h',
    },
    uses: {
      type: 'string',
      placeholder: 'COUNT',
      default: '1',
      description: 'With create, how many members can join by it',
    },
    region: {
      type: 'string',
      placeholder: 'NAME',
      description: 'With create, the only region whose member can join by it',
    },
    output: outputFlag,
  },
  async run(invocation, terminal) {
    const region = textFlag(invocation, 'region');
    const body = {
      ttlSeconds: ttlSeconds(invocation),
      uses: uses(invocation),
      ...(region === undefined ? {} : { region }),
    };
    const session = await openSession(invocation, terminal);
    const made = await withProgress(
      askPlanet<JoinToken>(session, 'join-tokens', { method: 'POST', body }),
      'waiting for the home of the root shard …\n',
      terminal,
    );
    if (await printAs(invocation.flags['output'], made, terminal)) return exitCode.done;
    // The token alone is the result, so that it can be taken as it is.
    terminal.out(`${made.token ?? ''}\n`);
    if (terminal.isInteractive) {
      terminal.err(
        `It is good until ${made.expiresAt}. On the machine of the new member, with NATS servers that reach those of this\n` +
          `planet: antipode start --region ${region ?? 'NAME'} --nats nats://127.0.0.1:4222 --join TOKEN\n`,
      );
    }
    return exitCode.done;
  },
};

const list: Action = {
  does: 'Show the tokens, newest first',
  flags: { output: outputFlag },
  async run(invocation, terminal) {
    const session = await openSession(invocation, terminal);
    const { items } = await askPlanet<{ readonly items: readonly JoinToken[] }>(session, 'join-tokens');
    if (await printAs(invocation.flags['output'], items, terminal)) return exitCode.done;
    if (items.length === 0) terminal.err('There are no join tokens; antipode join-token create makes one.\n');
    else terminal.out(tableText([HEADER, ...items.map(row)]));
    return exitCode.done;
  },
};

const revoke: Action = {
  does: 'Let nobody join by a token any more; members that came by it stay',
  argument: 'ID',
  flags: { output: outputFlag },
  async run(invocation, terminal) {
    const [id = ''] = invocation.positionals;
    const session = await openSession(invocation, terminal);
    const path = `join-tokens/${encodeURIComponent(id)}`;
    const revoked = await withProgress(
      askPlanet<JoinToken>(session, path, { method: 'DELETE' }),
      'waiting for the home of the root shard …\n',
      terminal,
    );
    if (await printAs(invocation.flags['output'], revoked, terminal)) return exitCode.done;
    terminal.out(`Nobody can join by ${id} any more.\n`);
    return exitCode.done;
  },
};

export const joinTokenCommand: Command = actionCommand({
  name: 'join-token',
  summary: 'Make, list and revoke the tokens by which members join a planet',
  actions: { create, list, revoke },
  details: [
    'Whoever has a token can make a member, and members hold the keys of the whole planet: hand it over as you would\n' +
      'hand over a root password.',
  ],
  examples: [
    { does: 'For one member of any region, within a day', line: 'antipode join-token create' },
    {
      does: 'For the member of region us, within ten minutes',
      line: 'antipode join-token create --region us --ttl 10m > us.token',
    },
    { does: 'Who came by which?', line: 'antipode join-token list' },
    { does: 'One that was lost', line: 'antipode join-token revoke 5k2n8x0a' },
  ],
});

const HEADER = ['ID', 'STATE', 'USES', 'REGION', 'MEMBERS', 'EXPIRES', 'CREATED-BY'];

function row(token: JoinToken): readonly string[] {
  const { id, state, uses: most, members, region, expiresAt, createdBy } = token;
  const came = members.length === 0 ? '-' : members.join(',');
  return [id, state, `${members.length}/${most}`, region ?? '*', came, expiresAt, createdBy];
}

function ttlSeconds(invocation: Invocation): number {
  const text = textFlag(invocation, 'ttl') ?? '';
  const seconds = Math.ceil((parseDurationMs(text) ?? Number.NaN) / 1000);
  if (seconds >= 1 && seconds <= 720 * 3600) return seconds;
  throw new UsageError(`--ttl takes a duration up to 720h, such as 10m or 24h, but "${text}" is none`);
}

function uses(invocation: Invocation): number {
  const text = textFlag(invocation, 'uses') ?? '';
  const count = /^[0-9]{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= 64) return count;
  throw new UsageError(`--uses takes a number from 1 to 64, but "${text}" is none`);
}
