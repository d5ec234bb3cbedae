import { createHash } from 'node:crypto';
import type { Definition } from '../definition.ts';

/** What tells a bound kind from others with the same schema. */
export interface Binding {
  /** The identity hash of the export. */
  readonly identity: string;
  /** Whoever brought the kind is taking it away: it takes no creations any more. */
  readonly isLeaving: boolean;
}

/** The definition of a schema as it is bound with an identity; everything that is compiled of the schema is shared. */
export function boundDefinition(base: Definition, { identity, isLeaving }: Binding): Definition {
  const hash = createHash('sha256').update(`${base.hash}\n${identity}\n${isLeaving}`).digest('hex');
  return { ...base, identity, isTerminating: isLeaving, hash };
}
