import { logicalClusterKey } from '../definitions/mod.ts';
import type { AdmissionPlugin, AdmissionReads, AdmissionRequest } from './chain.ts';
import { newAdmissionForbidden } from './refusal.ts';

/** The phases of a logical cluster that goes, the first as long as its terminators are at work. */
const GOING = ['Terminating', 'Deleting'];

/**
 * Nothing new comes to be in a logical cluster that is being emptied: by whom it was asked for does not matter, since
 * it would be left behind. What terminators do before that, they may.
 */
export const logicalClusterLifecycle: AdmissionPlugin = {
  name: 'LogicalClusterLifecycle',
  operations: ['CREATE'],
  mutate(request, reads) {
    // Reviews answer a question and store nothing.
    if (request.definition.isVirtual || phaseOf(request, reads) !== 'Deleting') return;
    throw newAdmissionForbidden(
      request,
      `unable to create new content in logical cluster ${request.cluster} because it is being deleted`,
      [
        {
          // Whoever keeps namespaces complete knows this one.
          reason: 'NamespaceTerminating',
          message: `logical cluster ${request.cluster} is being deleted`,
          field: 'metadata.namespace',
        },
      ],
    );
  },
};

/** Whether the logical cluster of a request goes, and all that it is needed for with it. */
export function isLogicalClusterGoing(request: AdmissionRequest, reads: AdmissionReads): boolean {
  return GOING.includes(phaseOf(request, reads));
}

function phaseOf({ cluster }: AdmissionRequest, reads: AdmissionReads): string {
  return reads.read(logicalClusterKey(cluster))?.fields['status.phase'] ?? '';
}
