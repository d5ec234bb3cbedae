import { LOGICAL_CLUSTERS, logicalClusterKey, PATH_ANNOTATION as PATH } from '../../definitions/mod.ts';
import { goQuote, type KubeObject, objectOf, parseJson } from '../../machinery/mod.ts';
import type { Row } from '../../store/mod.ts';
import type { AdmissionPlugin, AdmissionReads, AdmissionRequest } from '../chain.ts';
import { isAbout, newAdmissionForbidden } from '../refusal.ts';

/** Those that others refer to by the path of their workspace have it in any case. */
const STAMPED = new Set([
  'apiexports.apis.kcp.io',
  'apibindings.apis.kcp.io',
  'workspacetypes.tenancy.kcp.io',
]);

/** Objects say where they are by nothing but the canonical path of their workspace. */
export const pathAnnotation: AdmissionPlugin = {
  name: 'kcp.io/PathAnnotation',
  operations: ['CREATE', 'UPDATE'],
  mutate(request, reads) {
    const { object } = request;
    if (object === undefined || !isConcerned(request)) return;
    const path = pathOf(request, reads);
    if (object.metadata.annotations?.[PATH] === path) return;
    object.metadata.annotations = objectOf({ ...object.metadata.annotations, [PATH]: path }) as {
      [key: string]: string;
    };
  },
  // After webhooks and policies, which may have changed it.
  validate(request, reads) {
    const { object } = request;
    // A status leaves annotations as they are: what the server itself has made may have none.
    if (object === undefined || request.subresource !== '' || !isConcerned(request)) return;
    const path = pathOf(request, reads);
    if (object.metadata.annotations?.[PATH] === path) return;
    const detail = `annotation ${goQuote(PATH)} must match canonical path ${goQuote(path)}`;
    throw newAdmissionForbidden(request, detail);
  },
};

function isConcerned(request: AdmissionRequest): boolean {
  // The logical cluster's own object is where the path is known from.
  if (isAbout(request, LOGICAL_CLUSTERS)) return false;
  const { definition, object } = request;
  return (
    STAMPED.has(`${definition.names.plural}.${definition.group}`) ||
    object?.metadata.annotations?.[PATH] !== undefined
  );
}

// As long as the store remembers a row, and no longer.
const paths = new WeakMap<Row, string>();

function pathOf(request: AdmissionRequest, reads: AdmissionReads): string {
  const row = reads.read(logicalClusterKey(request.cluster));
  if (row === undefined) throw newAdmissionForbidden(request, 'cannot get this workspace: not found');
  let path = paths.get(row);
  if (path === undefined) {
    path = (parseJson(row.json).value as KubeObject).metadata.annotations?.[PATH] ?? request.cluster;
    paths.set(row, path);
  }
  return path;
}
