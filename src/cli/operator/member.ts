import type { Command } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { printAs, wideOutputFlag } from '../output.ts';
import { withProgress } from '../progress.ts';
import { openSession } from '../session.ts';
import { tableText } from '../table-text.ts';
import { type Action, actionCommand } from './action-command.ts';
import { askPlanet } from './planet-client.ts';

/** A member as the server shows it. */
interface Member {
  readonly name: string;
  readonly number: number;
  readonly region: string;
  readonly joinedAt: string;
  readonly removedAt?: string;
  readonly tokenId?: string;
}

const list: Action = {
  does: 'Show the members; -o wide shows those that were removed, too',
  flags: { output: wideOutputFlag },
  async run(invocation, terminal) {
    const session = await openSession(invocation, terminal);
    const { items } = await askPlanet<{ readonly items: readonly Member[] }>(session, 'members');
    const { output } = invocation.flags;
    if (await printAs(output, items, terminal)) return exitCode.done;
    const isWide = output === 'wide';
    const shown = items.filter(({ removedAt }) => isWide || removedAt === undefined);
    const header = ['MEMBER', 'REGION', 'JOINED', ...(isWide ? ['BY', 'REMOVED'] : [])];
    const rows = shown.map(({ name, region, joinedAt, tokenId, removedAt }) => [
      name,
      region,
      joinedAt,
      ...(isWide ? [tokenId ?? '(founder)', removedAt ?? '-'] : []),
    ]);
    terminal.out(tableText([header, ...rows]));
    return exitCode.done;
  },
};

const remove: Action = {
  does: 'End a membership: it votes no more, and nobody believes what it signs',
  argument: 'MEMBER',
  flags: { output: wideOutputFlag },
  async run(invocation, terminal) {
    const [name = ''] = invocation.positionals;
    const session = await openSession(invocation, terminal);
    const path = `members/${encodeURIComponent(name)}`;
    const removed = await withProgress(
      askPlanet<Member>(session, path, { method: 'DELETE' }),
      'waiting for the homes of its shards …\n',
      terminal,
    );
    if (await printAs(invocation.flags['output'], removed, terminal)) return exitCode.done;
    terminal.out(
      `${name} in region ${removed.region} is no member any more. Stop it, and take its user of NATS away: it still has the\n` +
        'keys that all members have.\n',
    );
    return exitCode.done;
  },
};

export const memberCommand: Command = actionCommand({
  name: 'member',
  summary: 'List and remove the members of a planet',
  actions: { list, remove },
  details: ['The name of a member is m and its number, which is never given to another one.'],
  examples: [
    { does: 'Who is there?', line: 'antipode member list' },
    {
      does: 'One that is lost for good, so that its region can have another',
      line: 'antipode member remove m2',
    },
  ],
});
