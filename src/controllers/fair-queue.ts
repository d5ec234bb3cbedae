/** First in, first out. Arrays take from their front in time that grows with what is left. */
class Line<Item> {
  #items: Item[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}

interface Group {
  readonly name: string;
  readonly waiting: Line<string>;
  running: number;
  /** It waits for its turn: it has something, and may run it. */
  isListed: boolean;
}

/**
 * A queue of texts that takes turns between groups, and lets no group have more than its share running at
 * once: a workspace that owes much, or whose work is slow, does not hold up the others.
 */
export class FairQueue {
  readonly #runningMax: number;
  readonly #perGroupMax: number;
  /** Groups that have something waiting or running. */
  readonly #groups = new Map<string, Group>();
  readonly #turns = new Line<Group>();
  #running = 0;

  constructor(options: { readonly runningMax: number; readonly perGroupMax: number }) {
    this.#runningMax = options.runningMax;
    this.#perGroupMax = options.perGroupMax;
  }

  push(name: string, text: string): void {
    const group = this.#groups.get(name) ?? { name, waiting: new Line(), running: 0, isListed: false };
    this.#groups.set(name, group);
    group.waiting.push(text);
    this.#list(group);
  }

  /** The next one to run, which counts as running until {@link done}; undefined when there is none, or no room. */
  next(): string | undefined {
    if (this.#running >= this.#runningMax) return undefined;
    const group = this.#turns.shift();
    if (group === undefined) return undefined;
    group.isListed = false;
    const text = group.waiting.shift();
    group.running += 1;
    this.#running += 1;
    this.#list(group);
    return text;
  }

  /** One that {@link next} returned, of that group, does not run any more. */
  done(name: string): void {
    const group = this.#groups.get(name);
    if (group === undefined) return;
    group.running -= 1;
    this.#running -= 1;
    if (group.running === 0 && group.waiting.size === 0) this.#groups.delete(name);
    else this.#list(group);
  }

  #list(group: Group): void {
    if (group.isListed || group.waiting.size === 0 || group.running >= this.#perGroupMax) return;
    group.isListed = true;
    this.#turns.push(group);
  }
}
