import type { LogicalCluster } from '../base/mod.ts';
import { type GroupResource, newForbidden, newNotFound } from '../machinery/mod.ts';
import type { ObjectKey } from '../store/mod.ts';
import type { AdmissionPlugin, AdmissionReads, AdmissionRequest } from './chain.ts';
import { isLogicalClusterGoing } from './logical-cluster-lifecycle.ts';
import { isAbout, newAdmissionForbidden } from './refusal.ts';

const NAMESPACES: GroupResource = { group: '', resource: 'namespaces' };
// What the server itself relies on in every logical cluster, as long as that lives (upstream's immortal namespaces).
const IMMORTAL = ['default', 'kube-system', 'kube-public'];

/**
 * Nothing is created in a namespace that does not exist or is going away, and the namespaces that the
 * server needs cannot be deleted.
 */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  mutate(request, reads) {
    if (isAbout(request, NAMESPACES)) {
      const isRefused = request.operation === 'DELETE' && IMMORTAL.includes(request.name);
      if (isRefused && !isLogicalClusterGoing(request, reads)) {
        throw newForbidden(NAMESPACES, request.name, 'this namespace may not be deleted');
      }
      return;
    }
    if (request.namespace === '' || request.operation === 'DELETE') return;
    // Reviews answer a question and store nothing.
    if (request.definition.isVirtual) return;
    assertUsable(request, reads);
  },
};

function assertUsable(request: AdmissionRequest, reads: AdmissionReads): void {
  const { cluster, namespace } = request;
  const row = reads.read(namespaceKey(cluster, namespace));
  if (row === undefined) throw newNotFound(NAMESPACES, namespace);
  if (request.operation === 'UPDATE' || row.fields['status.phase'] !== 'Terminating') return;
  throw newAdmissionForbidden(
    request,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  );
}

/** Where the Namespace of that name is. */
export function namespaceKey(cluster: LogicalCluster, name: string): ObjectKey {
  return { cluster, group: '', resource: 'namespaces', identity: '', namespace: '', name };
}

/**
 * Nothing is written or deleted in a namespace that does not exist. Off by default: what exists already stays
 * deletable without its namespace.
 */
export const namespaceExists: AdmissionPlugin = {
  name: 'NamespaceExists',
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  validate(request, reads) {
    const { cluster, namespace } = request;
    if (namespace === '' || isAbout(request, NAMESPACES)) return;
    if (reads.read(namespaceKey(cluster, namespace)) === undefined) throw newNotFound(NAMESPACES, namespace);
  },
};
