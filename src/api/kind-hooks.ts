import type { Definition } from '../definitions/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import type {
  GroupOfCluster,
  Mutation,
  NewDefaults,
  ObjectKey,
  Precondition,
  Row,
  WorkChange,
} from '../store/mod.ts';
import type { Api } from './api.ts';
import type { Attempt } from './write.ts';

/** What a write is about to do to an object, after admission, strategy and validation have let it pass. */
export interface KindChange {
  readonly operation: 'create' | 'update' | 'delete';
  readonly definition: Definition;
  readonly key: ObjectKey;
  /**
   * What will be stored, in the storage version, without resourceVersion: a hook may change it in place. When the
   * object goes: what it is shown as last, not to be changed.
   */
  readonly object: KubeObject;
  /** What is there now, in the storage version and not to be changed; undefined when it is created. */
  readonly old: KubeObject | undefined;
  readonly oldRow: Row | undefined;
  /** Who asks: `SYSTEM_USER` for controllers. */
  readonly user: Attempt['resource']['target']['user'];
  readonly isDryRun: boolean;
  /** When the write is made, in milliseconds since 1970 by the log's clock. */
  readonly nowMs: number;
}

/** The part of a change that debts are seen in. */
export type KindWork = Pick<KindChange, 'operation' | 'definition' | 'key' | 'object' | 'old'>;

/** Another object that the same commit changes. `companionPut` and `companionDelete` make them. */
export interface Companion {
  /** With what is expected to be there, always: nothing that a hook has not seen is written over. */
  readonly mutation: Mutation & { readonly expected: number };
  /** What controllers owe because of it. */
  readonly work: readonly WorkChange[];
}

/**
 * What belongs to a change besides its object: all of it goes into the same commit, or nothing does; but for `before` and
 * `after`, by which a change reaches objects that may be in another log, of which no commit can be as well.
 */
export interface Companions {
  readonly companions?: readonly Companion[];
  /** Besides what `attempt.reads.read` has noted. */
  readonly preconditions?: readonly Precondition[];
  /** Besides what `attempt.reads.relyOn` has noted. */
  readonly settled?: readonly GroupOfCluster[];
  /** What a logical cluster begins with that this commit makes. */
  readonly defaults?: NewDefaults;
  /** Debts that belong to no object of the commit. */
  readonly work?: readonly WorkChange[];
  /**
   * Commits what the object relies on, and cannot be without; what it has made has to stand at the object's own commit.
   * Run last of all, in no dry run; whatever becomes of the object then, it stays, and the next attempt finds it.
   */
  readonly before?: () => Promise<readonly Precondition[]>;
  /**
   * Commits what follows from the object, once that is durable and before its writer is answered. A debt of the same
   * commit repeats it, so that it comes to be whatever happens: `after` only spares its writer the wait.
   */
  readonly after?: () => Promise<void>;
  /** Called in the turn in which the commit gets its place: throws when what it was decided by is no longer so. */
  readonly assertCurrent?: () => void;
  /** What the server remembers beside the object from now on (`REMEMBERED_FIELD`), if it is to be something else. */
  readonly remembered?: string | undefined;
}

/**
 * What higher rooms have to say about writes of one kind, whoever makes them: handed in where a member is put
 * together, and called by the one write path.
 */
export interface KindHooks {
  readonly group: string;
  readonly resource: string;
  /**
   * Called in every attempt of a write of the object or of its status, right before its commit. It has to be
   * repeatable: an attempt may lose its race, a dry run commits nothing, and an update after which the object is
   * what it was is none: then nothing is committed, companions neither. Throws what refuses the request.
   */
  complete?(
    api: Api,
    attempt: Attempt,
    change: KindChange,
  ): Promise<Companions | undefined> | Companions | undefined;
  /** Debts that the change makes, also where the object is the companion of another. */
  work?(api: Api, change: KindWork): readonly WorkChange[];
}

/** The hooks of all kinds that have some; a kind may have several, of different rooms, which are called in order. */
export class KindHookTable {
  readonly #hooks = new Map<string, readonly KindHooks[]>();

  constructor(all: readonly KindHooks[] = []) {
    for (const hooks of all) {
      const text = kindText(hooks.group, hooks.resource);
      this.#hooks.set(text, [...this.of(hooks.group, hooks.resource), hooks]);
    }
  }

  /** The hooks of a kind by group and plural name. */
  of(group: string, resource: string): readonly KindHooks[] {
    return this.#hooks.get(kindText(group, resource)) ?? NONE;
  }
}

const NONE: readonly KindHooks[] = [];

function kindText(group: string, resource: string): string {
  return `${resource}.${group}`;
}
