import type { AdmissionPlugin } from '../chain.ts';
import type { QuotaLedger } from './quota-ledger.ts';

/**
 * Refuses creations that a quota has no room for: after all other checks but whether the object exists, as
 * upstream, and for dry runs as well. What is let in is booked later, by the commit (`QuotaLedger.commit`).
 */
export function resourceQuota(ledger: QuotaLedger): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    operations: ['CREATE'],
    async validate({ cluster, namespace, name, definition, subresource }) {
      if (subresource !== '' || definition.isVirtual) return;
      const kind = { group: definition.group, resource: definition.names.plural };
      await ledger.assertRoom({ cluster, namespace }, kind, name);
    },
  };
}
