import type { WorkKey } from '../store/mod.ts';

/** Debts that wait, by the topics that may free them. Only what owes work is in here. */
export class WaitingDebts {
  readonly #byTopic = new Map<string, Map<string, WorkKey>>();
  readonly #topics = new Map<string, Set<string>>();

  /** How many debts wait. */
  get size(): number {
    return this.#topics.size;
  }

  /** Adds a topic to those that a debt waits for. */
  wait(key: WorkKey, topic: string): void {
    const text = textOf(key);
    const topics = this.#topics.get(text) ?? new Set();
    this.#topics.set(text, topics.add(topic));
    const debts = this.#byTopic.get(topic) ?? new Map<string, WorkKey>();
    this.#byTopic.set(topic, debts.set(text, key));
  }

  /** The debt waits for nothing any more. */
  stop(key: WorkKey): void {
    const text = textOf(key);
    for (const topic of this.#topics.get(text) ?? []) {
      const debts = this.#byTopic.get(topic);
      debts?.delete(text);
      if (debts?.size === 0) this.#byTopic.delete(topic);
    }
    this.#topics.delete(text);
  }

  of(topic: string): readonly WorkKey[] {
    return [...(this.#byTopic.get(topic)?.values() ?? [])];
  }
}

/** The topic of everything that CRDs say about a group of a cluster. */
export function groupTopic(cluster: string, group: string): string {
  return `${cluster}\0${group}`;
}

/** The same for a CRD by its name, which is its plural, a dot and its group. */
export function definitionTopic(cluster: string, name: string): string {
  return groupTopic(cluster, name.slice(name.indexOf('.') + 1));
}

function textOf({ controller, cluster, key }: WorkKey): string {
  return `${controller}\0${cluster}\0${key}`;
}
