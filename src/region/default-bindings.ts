import { defaultBindings } from '../exports/mod.ts';
import type { MakeDefaultBindings } from '../workspaces/mod.ts';

/** What new workspaces bind by default, in the commit that makes them. */
export const makeDefaultBindings: MakeDefaultBindings = (api, { read, cluster, exports }) =>
  defaultBindings(api, { read }, { cluster, exports });
