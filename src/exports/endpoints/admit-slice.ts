import { APIS_GROUP, SYSTEM_USER } from '../../access/mod.ts';
import { type AdmissionPlugin, isAbout, newAdmissionForbidden } from '../../admission/mod.ts';
import type { Api } from '../../api/mod.ts';
import { exportCluster, mayBind } from '../binding/mod.ts';
import { API_EXPORTS, apisKey } from '../kcp-objects.ts';
import { sliceExport } from './settle-slice.ts';

/**
 * kcp's plugin `apis.kcp.io/APIExportEndpointSlice`: to be told where the consumers of an export are takes the right to
 * bind it. It refuses in the same words where there is no such export.
 */
export function admitEndpointSlice(ground: Pick<Api, 'paths' | 'access'>): AdmissionPlugin {
  return {
    name: 'apis.kcp.io/APIExportEndpointSlice',
    operations: ['CREATE'],
    async validate(request, reads) {
      const { object, user, cluster, subresource } = request;
      if (!isAbout(request, { group: APIS_GROUP, resource: 'apiexportendpointslices' })) return;
      if (object === undefined || subresource !== '' || user === SYSTEM_USER) return;
      const { path, name } = sliceExport(object);
      const provider = exportCluster(ground, cluster, { path, name });
      const isThere =
        provider !== undefined && reads.read(apisKey(provider, API_EXPORTS, name)) !== undefined;
      const found = { relyOn: (rights: typeof reads.reliesOn) => void reads.reliesOn.push(...rights) };
      if (isThere && (await mayBind(ground, found, { user, provider, name }))) return;
      const shown = path === '' ? name : `${path}:${name}`;
      const detail = `unable to create APIExportEndpointSlice: no permission to bind to export ${shown}`;
      throw newAdmissionForbidden(request, detail);
    },
  };
}
