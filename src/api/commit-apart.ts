import { groundsOf, type RbacAt } from '../access/mod.ts';
import { assert } from '../base/mod.ts';
import {
  ExpectationFailed,
  type ObjectKey,
  objectKeyText,
  type Precondition,
  type Row,
} from '../store/mod.ts';
import type { Api } from './api.ts';
import type { Companion } from './kind-hooks.ts';

/** What a commit of its own relies on: each read becomes a precondition, and rights have to stand. */
export class ReadsApart {
  readonly preconditions: Precondition[] = [];
  readonly reliesOn: RbacAt[] = [];
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  read(key: ObjectKey): Row | undefined {
    const keyText = objectKeyText(key);
    const row = this.#api.store.newest(key, keyText);
    this.preconditions.push({ key, revision: row?.revision ?? 0, keyText });
    return row;
  }

  relyOn(rights: readonly RbacAt[]): void {
    this.reliesOn.push(...rights);
  }
}

/**
 * Commits objects that belong to another one and are in another log than that (`Companions.before`, `Companions.after`).
 * Returns what has to stand as long as somebody relies on them. Throws `ExpectationFailed`: look again.
 */
export async function commitApart(
  api: Api,
  commit: {
    readonly companions: readonly Companion[];
    readonly reads: ReadsApart;
    readonly actor: string;
  },
): Promise<readonly Precondition[]> {
  const { companions, reads, actor } = commit;
  const { preconditions, reliesOn } = reads;
  const mutations = companions.map(({ mutation }) => mutation);
  const [first] = mutations;
  assert(first !== undefined, 'a commit is of something');
  const assertCurrent = () => {
    if (api.access.isCurrent(reliesOn)) return;
    throw new ExpectationFailed({ key: first.key, current: 0, isPrecondition: true });
  };
  const { revisions } = await api.quotas.commit(
    {
      mutations,
      preconditions,
      settled: groundsOf(reliesOn),
      work: companions.flatMap(({ work }) => work),
      actor,
      originRegion: api.region,
    },
    { assertCurrent, isCount: false },
  );
  return mutations.map(({ key }, index) => ({ key, revision: revisions[index]! }));
}
