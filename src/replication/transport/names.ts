import type { RegionName } from '../../base/mod.ts';

/** A log in one epoch, and the region in whose JetStream its stream is: the one that is home in that epoch. */
export interface LogTerm {
  /** A shard's name, or that of a region's convergent log. */
  readonly log: string;
  readonly epoch: number;
  readonly region: RegionName;
}

/** One member among all members of the planet. */
export interface MemberName {
  readonly region: RegionName;
  readonly member: string;
}

/** Whom a question goes to: one member, or whichever member of a region answers such questions. */
export interface Addressee {
  readonly region: RegionName;
  readonly member?: string;
}

export function textOfTerm(term: LogTerm): string {
  return `log ${term.log}, epoch ${term.epoch}, in region ${term.region}`;
}

export function textOfMember(member: MemberName): string {
  return `${member.region}/${member.member}`;
}
