import type { History } from './history.ts';
import type { Call } from './transport.ts';

/** What a request may refer to when it goes out. */
export interface World {
  readonly history: History;
  readonly token: string;
  /** Continue tokens by the path of the list that they belong to. */
  readonly pages: Map<string, string>;
}

/** A request before it is known what there is to be asked for; the same plan may go out in many worlds. */
export type Plan = (world: World) => Planned;

export type Planned =
  | { readonly kind: 'call'; readonly call: Call; readonly isValid: boolean }
  | { readonly kind: 'raw'; readonly bytes: Buffer };
