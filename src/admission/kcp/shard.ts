import { objectAt, textAt } from '../../machinery/mod.ts';
import type { AdmissionPlugin } from '../chain.ts';
import { isAbout } from '../refusal.ts';

const SHARDS = { group: 'core.kcp.io', resource: 'shards' };

/** A shard whose other URLs are not given is reached at its base URL. */
export const shards: AdmissionPlugin = {
  name: 'tenancy.kcp.io/Shard',
  operations: ['CREATE', 'UPDATE'],
  mutate(request) {
    if (!isAbout(request, SHARDS)) return;
    const spec = objectAt(request.object, 'spec');
    const baseUrl = textAt(spec, 'baseURL');
    if (spec === undefined || baseUrl === '') return;
    for (const field of ['externalURL', 'virtualWorkspaceURL'])
      if (textAt(spec, field) === '') spec[field] = baseUrl;
  },
};
