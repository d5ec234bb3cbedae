import { type GroupResource, newForbidden, newNotFound } from '../machinery/mod.ts';
import type { AdmissionPlugin, AdmissionReads, AdmissionRequest } from './chain.ts';

const NAMESPACES: GroupResource = { group: '', resource: 'namespaces' };
// What the server itself relies on in every logical cluster (upstream's immortal namespaces).
const IMMORTAL = ['default', 'kube-system', 'kube-public'];

/**
 * Nothing is created in a namespace that does not exist or is going away, and the namespaces that the
 * server needs cannot be deleted.
 */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  mutate(request, reads) {
    const isNamespace = request.definition.group === '' && request.definition.names.plural === 'namespaces';
    if (isNamespace) {
      if (request.operation === 'DELETE' && IMMORTAL.includes(request.name)) {
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
  const { cluster, namespace, definition } = request;
  const row = reads.read({
    cluster,
    group: '',
    resource: 'namespaces',
    identity: '',
    namespace: '',
    name: namespace,
  });
  if (row === undefined) throw newNotFound(NAMESPACES, namespace);
  if (request.operation === 'UPDATE' || row.fields['status.phase'] !== 'Terminating') return;
  const resource = { group: definition.group, resource: definition.names.plural };
  const name = request.name || request.object?.metadata.generateName || 'Unknown';
  throw newForbidden(
    resource,
    name,
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
