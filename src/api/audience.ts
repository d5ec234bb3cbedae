import { assert } from '../base/mod.ts';
import type { RevisionForm } from './revision-form.ts';
import type { ShownUrls } from './shown-urls.ts';

/** A member that has taken a request which this one carries out: what differs by member is shown as it is there. */
export interface Audience {
  readonly urls: ShownUrls;
  formOf(own: RevisionForm): RevisionForm;
}

/** A member's positions are positions of when it applied something: revision × 1024 + its number. */
const MEMBERS_MAX = 1024n;

/**
 * What another member shows. When it will have applied a change nobody can tell here: positions are shown as if it had done so at
 * once, and `note` is told of each revision that is shown like this, so that they can be replaced there by what they are.
 */
export function memberAudience(member: {
  readonly urls: ShownUrls;
  readonly number: number;
  /** How it shows the object in question, and which revision of the shard that is. */
  readonly shown: { readonly text: string; readonly revision: number } | undefined;
  note(revision: number): void;
}): Audience {
  const { urls, shown, note } = member;
  assert(member.number >= 0 && BigInt(member.number) < MEMBERS_MAX, 'members are numbered from 0 to 1023');
  const placeholder = (revision: number) => placeholderOf(revision, member.number);
  const isOf: RevisionForm['isOf'] = (text, _cluster, revision) =>
    text === String(revision) || (text === shown?.text && revision === shown.revision);
  return {
    urls,
    formOf(own) {
      if (own.name === 'shard') return { ...own, isOf };
      return {
        ...own,
        isOf,
        ofObject(_cluster, revision) {
          if (revision === shown?.revision) return shown.text;
          note(revision);
          return placeholder(revision);
        },
        ofState(revision) {
          note(revision);
          return placeholder(revision);
        },
      };
    },
  };
}

/** What stands in an answer for a member's position of a revision until that member has put it there. */
export function placeholderOf(revision: number, memberNumber: number): string {
  return String(BigInt(revision) * MEMBERS_MAX + BigInt(memberNumber));
}
