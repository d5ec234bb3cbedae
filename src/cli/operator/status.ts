import type { Command } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { printAs, wideOutputFlag } from '../output.ts';
import { withProgress } from '../progress.ts';
import { measureUrls } from '../round-trip.ts';
import { contextOf, openSession } from '../session.ts';
import { tableText } from '../table-text.ts';
import { askPlanet } from './planet-client.ts';
import {
  type MemberStatus,
  type PlanetStatus,
  shardHeader,
  shardRow,
  shardTroubles,
  shortTime,
} from './planet-status.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'Show the regions and shards of a planet',
  usage: '[flags]',
  details: [
    'Asks the server of the current context, which asks the other members. CONTACT is when that member last heard of the\n' +
      'region, BETWEEN the round trip between the two, and ROUND TRIP the one from here to the URL of the region.\n' +
      'Ends with 0 if nothing is wrong, and with 1 and a line for each trouble otherwise.',
  ],
  flags: { output: wideOutputFlag },
  positionals: [],
  connects: true,
  examples: [
    { does: 'Is all well?', line: 'antipode status' },
    { does: 'For programs', line: 'antipode status -o json' },
  ],
  async run(invocation, terminal) {
    const session = await openSession(invocation, terminal);
    const asked = askPlanet<PlanetStatus>(session, 'status');
    const status = await withProgress(asked, 'waiting for the other members …\n', terminal);
    const urls = status.members.flatMap(({ url }) => (url === undefined ? [] : [url]));
    const distances = await measureUrls(session.kubeconfig, urls, {
      cluster: contextOf(session).cluster,
      options: session.options,
      terminal,
    });
    const troubles = troublesOf(status);
    const code = troubles.length === 0 ? exitCode.done : exitCode.failed;
    const { output } = invocation.flags;
    const members = status.members.map((member): MeasuredMember => {
      const measured = distances.get(member.url ?? '');
      if (measured === undefined) return member;
      return 'rttMs' in measured
        ? { ...member, rttMs: measured.rttMs }
        : { ...member, urlProblem: measured.problem };
    });
    if (await printAs(output, { ...status, members, troubles }, terminal)) return code;
    const isWide = output === 'wide';
    const own = `Region ${status.region} (${status.member})`;
    terminal.out(`${own} of planet ${status.planet}:\n\n`);
    terminal.out(tableText([memberHeader(isWide), ...members.map((member) => memberRow(member, isWide))]));
    terminal.out('\n');
    const { shards } = status;
    terminal.out(tableText([shardHeader(isWide), ...shards.map((shard) => shardRow(shard, isWide))]));
    for (const line of troubles) terminal.err(`${line}\n`);
    return code;
  },
};

/** A member with how long its URL takes to answer from here, or why nobody knows. */
interface MeasuredMember extends MemberStatus {
  readonly rttMs?: number;
  readonly urlProblem?: string;
}

function troublesOf({ members, shards }: PlanetStatus): readonly string[] {
  const silent = members.flatMap(({ name, region, problem }) =>
    problem === undefined ? [] : [`${name} in ${region} does not answer: ${problem}`],
  );
  return [...silent, ...shards.flatMap(shardTroubles)];
}

function memberHeader(isWide: boolean): readonly string[] {
  return ['REGION', 'MEMBER', 'URL', 'CONTACT', ...(isWide ? ['BETWEEN'] : []), 'ROUND TRIP'];
}

function memberRow(member: MeasuredMember, isWide: boolean): readonly string[] {
  const { region, name, url, roundTripMs, rttMs } = member;
  return [
    region,
    name,
    url ?? '?',
    contact(member),
    ...(isWide ? [roundTripMs === undefined ? '-' : `${roundTripMs} ms`] : []),
    rttMs === undefined ? '-' : `${rttMs} ms`,
  ];
}

function contact({ isHere, silentMs, problem }: MemberStatus): string {
  if (isHere === true) return 'here';
  if (problem === undefined) return 'now';
  return silentMs === undefined ? 'never' : `${shortTime(silentMs)} ago`;
}
