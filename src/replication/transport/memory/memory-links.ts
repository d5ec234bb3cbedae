import type { Clock, Random } from '../../../base/mod.ts';

/** What one direction of a link does to messages. */
export interface LinkFaults {
  /** From 0 to 1: how likely a message is lost, or comes twice. */
  readonly lose: number;
  readonly duplicate: number;
  /** A message takes up to so much longer. */
  readonly jitterMs: number;
  /** Messages may overtake each other, which no TCP connection does. */
  readonly isReordering: boolean;
}

interface Link {
  delayMs: number;
  faults: LinkFaults;
  /** Both sides know that there is no connection. */
  isCut: boolean;
  /** Messages vanish, and nobody is told. */
  isSilent: boolean;
  /** Counts the cuts: what was under way at a cut does not arrive after it. */
  cuts: number;
  arrivesMs: number;
}

const NO_FAULTS: LinkFaults = { lose: 0, duplicate: 0, jitterMs: 0, isReordering: false };

/** The links between nodes, one for each direction; a node is a server or a member. Everything is drawn from `random`. */
export class MemoryLinks {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #links = new Map<string, Link>();

  constructor(options: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = options.clock;
    this.#random = options.random;
  }

  isCut(from: string, to: string): boolean {
    return this.#link(from, to).isCut;
  }

  cut(from: string, to: string): void {
    const link = this.#link(from, to);
    link.isCut = true;
    link.cuts++;
  }

  /** Swallows what is sent in this direction from now on. */
  silence(from: string, to: string): void {
    this.#link(from, to).isSilent = true;
  }

  heal(from: string, to: string): void {
    const link = this.#link(from, to);
    link.isCut = false;
    link.isSilent = false;
  }

  delay(from: string, to: string, delayMs: number): void {
    this.#link(from, to).delayMs = delayMs;
  }

  faults(from: string, to: string, faults: Partial<LinkFaults>): void {
    const link = this.#link(from, to);
    link.faults = { ...link.faults, ...faults };
  }

  /** Runs `arrive` at the end of a path of nodes, once for each message that gets there. */
  send(path: readonly string[], arrive: () => void): void {
    const [from, to] = path;
    if (from === undefined || to === undefined) return arrive();
    this.#hop(from, to, () => this.send(path.slice(1), arrive));
  }

  #hop(from: string, to: string, arrive: () => void): void {
    const link = this.#link(from, to);
    const { lose, duplicate, jitterMs, isReordering } = link.faults;
    if (link.isCut || link.isSilent || this.#draws(lose)) return;
    const { cuts } = link;
    for (let copies = this.#draws(duplicate) ? 2 : 1; copies > 0; copies--) {
      const nowMs = this.#clock.monotonicMs();
      let atMs = nowMs + link.delayMs + (jitterMs > 0 ? this.#random.below(jitterMs + 1) : 0);
      if (!isReordering) atMs = Math.max(atMs, link.arrivesMs);
      link.arrivesMs = Math.max(atMs, link.arrivesMs);
      this.#clock.after(atMs - nowMs, () => {
        if (link.cuts === cuts && !link.isSilent) arrive();
      });
    }
  }

  #draws(likelihood: number): boolean {
    return likelihood > 0 && this.#random.below(1_000_000) < likelihood * 1_000_000;
  }

  #link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { delayMs: 0, faults: NO_FAULTS, isCut: false, isSilent: false, cuts: 0, arrivesMs: 0 };
      this.#links.set(key, link);
    }
    return link;
  }
}

/** A path without steps from a node to itself. */
export function pathOf(nodes: readonly string[]): readonly string[] {
  return nodes.filter((node, index) => node !== nodes[index - 1]);
}
