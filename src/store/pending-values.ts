/**
 * What commits on their way to the disk have changed, by key, until the group that made the newest change is durable.
 * An absent value is a deletion.
 */
export class PendingValues<Value, Group extends object> {
  readonly #values = new Map<string, { readonly value: Value | undefined; readonly group: Group }>();
  // Until each is settled. In a WeakMap, where each commit is a group, it took a seventh of all that applying one takes.
  readonly #touched = new Map<Group, string[]>();

  get size(): number {
    return this.#values.size;
  }

  /** The newest change of a key that is not durable yet. */
  get(key: string): { readonly value: Value | undefined } | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value | undefined, group: Group): void {
    this.#values.set(key, { value, group });
    const touched = this.#touched.get(group);
    if (touched === undefined) this.#touched.set(group, [key]);
    else touched.push(key);
  }

  /** The group is durable: forgets its changes but for those that a newer group has changed again. Returns its keys. */
  settle(group: Group): readonly string[] {
    const touched = this.#touched.get(group) ?? NO_KEYS;
    this.#touched.delete(group);
    for (const key of touched) if (this.#values.get(key)?.group === group) this.#values.delete(key);
    return touched;
  }
}

const NO_KEYS: readonly string[] = [];
