import { Link, type LinkState } from './link.ts';
import { type Pair, type PlanetSettings, pairsOf, roundTripMs, samePair } from './settings.ts';

export interface LinkStatus {
  readonly between: Pair;
  readonly rttMs: number;
  readonly state: LinkState;
}

/** The links between all regions of a planet: each pair calls each other over two of them, one each way. */
export class Links {
  readonly #entries: readonly Entry[];

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** Opens all of them; `portOf` says where the server of a region takes calls from others. */
  static async open(settings: PlanetSettings, portOf: (region: string) => number): Promise<Links> {
    const entries: Entry[] = [];
    try {
      for (const between of pairsOf(settings.regions.map(({ name }) => name))) {
        const rttMs = roundTripMs(settings, between);
        const [first, second] = between;
        const way = (to: string): Promise<Link> =>
          Link.open({
            target: () => ({ host: '127.0.0.1', port: portOf(to) }),
            oneWayMs: rttMs / 2,
            linkOf: (firstLine) => {
              const from = gatewayOf(firstLine);
              return linksFrom(entries, from).find(({ region }) => region === to)?.link;
            },
          });
        entries.push({ between, rttMs, ways: [await way(second), await way(first)] });
      }
    } catch (error) {
      await new Links(entries).close();
      throw error;
    }
    return new Links(entries);
  }

  /** Where the server of `from` calls the other regions. */
  portsFrom(from: string): readonly { readonly region: string; readonly port: number }[] {
    return linksFrom(this.#entries, from).map(({ region, link }) => ({ region, port: link.port }));
  }

  setState(pairs: readonly Pair[], state: LinkState): void {
    for (const { between, ways } of this.#entries) {
      if (!pairs.some((pair) => samePair(pair, between))) continue;
      for (const way of ways) way.setState(state);
    }
  }

  status(): readonly LinkStatus[] {
    return this.#entries.map(({ between, rttMs, ways }) => ({ between, rttMs, state: ways[0].state }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#entries.flatMap(({ ways }) => ways.map((way) => way.close())));
  }
}

/**
 * The links by which a region calls the others. Servers tell each other by which addresses they reach others, and try all that
 * they know of in any order: one that is cut off would go on over the link of somebody else, and where each were open
 * to one only, a server would wait a second after each wrong guess.
 */
function linksFrom(
  entries: readonly Entry[],
  from: unknown,
): readonly { readonly region: string; readonly link: Link }[] {
  return entries.flatMap(({ between: [first, second], ways: [there, back] }) => {
    if (first === from) return [{ region: second, link: there }];
    return second === from ? [{ region: first, link: back }] : [];
  });
}

/** The region of a server that calls, as it says itself. */
function gatewayOf(firstLine: string): unknown {
  const text = /^CONNECT (\{.*\})\s*$/i.exec(firstLine)?.[1];
  if (text === undefined) return undefined;
  try {
    return (JSON.parse(text) as { readonly gateway?: unknown }).gateway;
  } catch {
    return undefined;
  }
}

interface Entry {
  readonly between: Pair;
  readonly rttMs: number;
  /** From the first to the second, and back. */
  readonly ways: readonly [Link, Link];
}
