import { defaultBindings } from '../exports/mod.ts';
import type { Precondition } from '../store/mod.ts';
import type { MakeDefaultBindings } from '../workspaces/mod.ts';

/** What new workspaces bind by default, in the commit that makes them. */
export const makeDefaultBindings: MakeDefaultBindings = async (api, { cluster, exports, read }) => {
  const preconditions: Precondition[] = [];
  const reads = {
    read(key: Parameters<typeof read>[0]) {
      const row = read(key);
      preconditions.push({ key, revision: row?.revision ?? 0 });
      return row;
    },
  };
  const made = await defaultBindings(api, reads, { cluster, exports });
  return { ...made, preconditions };
};
