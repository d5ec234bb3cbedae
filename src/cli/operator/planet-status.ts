/** What `GET /planet/status` answers, as far as it is shown. */
export interface PlanetStatus {
  readonly region: string;
  readonly member: string;
  readonly planet: string;
  readonly members: readonly MemberStatus[];
  readonly shards: readonly ShardStatus[];
}

export interface MemberStatus {
  readonly name: string;
  readonly region: string;
  readonly url?: string;
  readonly isHere?: boolean;
  /** For how long nothing was heard of it; absent: nothing ever was. */
  readonly silentMs?: number;
  /** From the member that answered. */
  readonly roundTripMs?: number;
  readonly problem?: string;
}

export interface ShardStatus {
  readonly name: string;
  readonly home?: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly goal?: string;
  readonly met?: string;
  readonly outOfReach?: string;
  readonly waitsFor?: string;
  /** How old it is at the member that answered; absent at its home. */
  readonly stalenessMs?: number;
  readonly publicationLag?: { readonly commits: number; readonly milliseconds: number };
  /** Which frames its home has of the log, and about how large they are; the version before does not say so. */
  readonly kept?: { readonly first: number; readonly frames: number; readonly bytes: number };
  readonly voters: readonly VoterStatus[];
  /** The region whose member says all this. */
  readonly seenFrom: string;
}

export interface VoterStatus {
  readonly region: string;
  readonly member: string;
  readonly isHome: boolean;
  readonly lagCommits?: number;
  readonly silentMs?: number;
}

/** A voter that was not heard for so long is named as a trouble. */
const SILENCE_MS = 5_000;

export function shardHeader(isWide: boolean): readonly string[] {
  return [
    'SHARD',
    'HOME',
    'GOAL',
    'MET',
    'VOTERS',
    'STALE',
    ...(isWide ? ['EPOCH', 'COMMITS', 'UNSENT', 'KEPT'] : []),
  ];
}

export function shardRow(shard: ShardStatus, isWide: boolean): readonly string[] {
  const { name, home, goal, met, outOfReach, voters, stalenessMs, epoch, sequence, publicationLag, kept } =
    shard;
  return [
    name,
    home ?? '?',
    goal ?? '?',
    outOfReach === undefined ? (met ?? '?') : 'OUT OF REACH',
    inOrder(voters).map(voterText).join(','),
    stalenessMs === undefined ? '-' : shortTime(stalenessMs),
    ...(isWide
      ? [String(epoch), String(sequence), String(publicationLag?.commits ?? '?'), String(kept?.frames ?? '?')]
      : []),
  ];
}

function inOrder(voters: readonly VoterStatus[]): readonly VoterStatus[] {
  const place = ({ isHome, region }: VoterStatus) => `${isHome ? 0 : 1}${region}`;
  return [...voters].sort((one, other) => (place(one) < place(other) ? -1 : 1));
}

/** `us(+12)` is twelve commits behind. */
function voterText({ region, lagCommits }: VoterStatus): string {
  return lagCommits === undefined || lagCommits === 0 ? region : `${region}(+${lagCommits})`;
}

/** What an operator should look at, one line each. */
export function shardTroubles({ name, home, outOfReach, waitsFor, voters, seenFrom }: ShardStatus): string[] {
  const lines: string[] = [];
  if (outOfReach !== undefined) lines.push(`shard ${name} takes no writes: ${outOfReach}`);
  if (waitsFor !== undefined) lines.push(`shard ${name} waits in ${seenFrom}: ${waitsFor}`);
  if (home !== undefined && home !== seenFrom)
    lines.push(`the home of shard ${name} does not answer: this is what ${seenFrom} knows of it`);
  for (const { region, silentMs } of voters) {
    if (silentMs !== undefined && silentMs > SILENCE_MS)
      lines.push(`the voter of shard ${name} in ${region} was not heard for ${shortTime(silentMs)}`);
  }
  return lines;
}

/** `80ms`, `12s`, `5m`, `3h`. */
export function shortTime(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)}s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)}m` : `${Math.round(ms / 3_600_000)}h`;
}
