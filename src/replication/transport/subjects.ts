import { assert, type RegionName } from '../../base/mod.ts';
import type { Addressee, LogTerm, MemberName } from './names.ts';

/** Begins the names of all subjects and streams of a planet; planets that share a NATS account have different ones. */
export const DEFAULT_PREFIX = 'antipode';

/** Topics are words of the program, never input. */
const TOPIC = /^[a-z]+(-[a-z]+)*$/;
const TOKEN_LENGTH_MAX = 200;
const SAFE = /[A-Za-z0-9_-]/;
const ENCODER = new TextEncoder();

/**
 * A name as one token of a subject, and as part of a stream's name: all but letters, digits, `-` and `_` is written as
 * `=` and two hexadecimal digits for each byte, so that no name can hold a dot, a wildcard or a space. Different names
 * give different tokens. Not `%`, as usual: nats-server 2.9 takes a stream's name for a format of its own, and then
 * sends what no client can read.
 */
export function tokenOf(name: string): string {
  let token = '';
  for (const byte of ENCODER.encode(name)) {
    const character = String.fromCharCode(byte);
    token += SAFE.test(character) ? character : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  assert(token.length > 0 && token.length <= TOKEN_LENGTH_MAX, 'a name fits in one token of a subject');
  return token;
}

/**
 * The subjects of one planet, and the names of its streams. Which region may send on a subject can be told from the
 * subject alone: `docs/replication.md` lists them, {@link permissionsOf} makes permissions of them.
 */
export class Subjects {
  readonly prefix: string;

  constructor(prefix: string = DEFAULT_PREFIX) {
    this.prefix = tokenOf(prefix);
  }

  /** What the home publishes a log's messages on; the stream takes in nothing else. */
  log(term: LogTerm): string {
    return `${this.prefix}.log.${tokenOf(term.region)}.${tokenOf(term.log)}.${term.epoch}`;
  }

  /** One stream per log and epoch. The region is that of the JetStream domain, and not part of the name. */
  stream(term: LogTerm): string {
    return `${this.prefix}_${tokenOf(term.log)}_${term.epoch}`;
  }

  beat(region: RegionName, log: string): string {
    return `${this.prefix}.beat.${tokenOf(region)}.${tokenOf(log)}`;
  }

  /** Heartbeats of all logs from all regions. */
  beats(): string {
    return `${this.prefix}.beat.>`;
  }

  /** Where a member listens for questions on one topic, or whoever answers them in its region. */
  question(to: Addressee, topic: string): string {
    assert(TOPIC.test(topic), 'a topic is a word of the program');
    return to.member === undefined
      ? `${this.prefix}.any.${tokenOf(to.region)}.${topic}`
      : `${this.prefix}.ask.${tokenOf(to.region)}.${tokenOf(to.member)}.${topic}`;
  }

  /** Begins the subjects on which a member gets answers, and messages of streams. */
  inbox(member: MemberName): string {
    return `${this.prefix}.reply.${tokenOf(member.region)}.${tokenOf(member.member)}`;
  }
}

/** Whether a subject fits a pattern with `*` for one token and a final `>` for one or more. */
export function subjectMatches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return tokens.length > index;
    if (index >= tokens.length || (token !== '*' && token !== tokens[index])) return false;
  }
  return tokens.length === wanted.length;
}
