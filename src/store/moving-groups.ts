import type { CommitGroup } from './commit-group.ts';
import type { GroupOfCluster } from './proposal.ts';

/** Of which API groups in which logical clusters something is on its way to the disk. */
export class MovingGroups {
  // As many as pending commits touch, which are bounded.
  readonly #counts = new Map<string, number>();

  has(asked: GroupOfCluster): boolean {
    return this.#counts.has(textOf(asked));
  }

  touch(touched: GroupOfCluster, by: CommitGroup): void {
    const text = textOf(touched);
    if (by.touchedGroups.has(text)) return;
    by.touchedGroups.add(text);
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1);
  }

  /** What a group of commits has touched is on the disk, or never will be. */
  settle({ touchedGroups }: CommitGroup): void {
    for (const text of touchedGroups) {
      const count = this.#counts.get(text) ?? 0;
      if (count > 1) this.#counts.set(text, count - 1);
      else this.#counts.delete(text);
    }
  }
}

// The name of a logical cluster holds no slash.
function textOf({ cluster, group }: GroupOfCluster): string {
  return `${cluster}/${group}`;
}
