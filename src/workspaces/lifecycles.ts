import type { User } from '../access/mod.ts';
import { INITIALIZING, TERMINATING } from './lifecycle-names.ts';
import { INITIALIZER_LABEL_PREFIX, TERMINATOR_LABEL_PREFIX } from './names.ts';

/** One of the two ends of a workspace's life at which controllers of its type have their turn. */
export interface Lifecycle {
  readonly service: 'initializingworkspaces' | 'terminatingworkspaces';
  readonly what: 'initializer' | 'terminator';
  /** The phase in which it is their turn. */
  readonly phase: string;
  /** Where a LogicalCluster says whom it waits for. */
  readonly field: 'initializers' | 'terminators';
  readonly labelPrefix: string;
  /** On the type: who may have a turn. */
  readonly verb: 'initialize' | 'terminate';
  /** What the type lets them do inside; without it they act as the owner. */
  readonly permissions: 'initializerPermissions' | 'terminatorPermissions';
  /** Whoever comes through the view of one is in this group with its name behind it; nobody else can be. */
  readonly groupPrefix: string;
  namesOf(user: User): readonly string[];
}

export const LIFECYCLES: readonly Lifecycle[] = [
  {
    service: 'initializingworkspaces',
    what: 'initializer',
    phase: INITIALIZING,
    field: 'initializers',
    labelPrefix: INITIALIZER_LABEL_PREFIX,
    verb: 'initialize',
    permissions: 'initializerPermissions',
    groupPrefix: 'system:kcp:initializer:',
    namesOf: (user) => behind(user, 'system:kcp:initializer:'),
  },
  {
    service: 'terminatingworkspaces',
    what: 'terminator',
    phase: TERMINATING,
    field: 'terminators',
    labelPrefix: TERMINATOR_LABEL_PREFIX,
    verb: 'terminate',
    permissions: 'terminatorPermissions',
    groupPrefix: 'system:kcp:terminator:',
    namesOf: (user) => behind(user, 'system:kcp:terminator:'),
  },
];

function behind({ groups }: User, prefix: string): readonly string[] {
  return groups.filter((group) => group.startsWith(prefix)).map((group) => group.slice(prefix.length));
}
