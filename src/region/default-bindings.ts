import { defaultBindings } from '../exports/mod.ts';
import type { MakeDefaultBindings } from '../workspaces/mod.ts';

/** What new workspaces bind by default, in the commit that makes them. */
export const makeDefaultBindings: MakeDefaultBindings = (api, { read, ...request }) =>
  defaultBindings(api, { read }, request);
