import { fieldErrorText, invalid } from '../machinery/mod.ts';
import type { AdmissionPlugin } from './chain.ts';
import { newAdmissionForbidden } from './refusal.ts';

/** Names that mean something to the server, by kind. */
const RESERVED: ReadonlyMap<string, readonly string[]> = new Map([
  ['WorkspaceType.tenancy.kcp.io', ['any', 'system']],
  ['ServiceAccount.', ['kcp-rest']],
]);

/** Refuses objects of reserved names, before anything else is said about them. */
export const reservedNames: AdmissionPlugin = {
  name: 'apis.kcp.io/ReservedNames',
  operations: ['CREATE'],
  mutate(request) {
    const { definition, subresource, name } = request;
    if (subresource !== '') return;
    const names = RESERVED.get(`${definition.names.kind}.${definition.group}`);
    if (names?.includes(name) !== true) return;
    throw newAdmissionForbidden(request, fieldErrorText(invalid('metadata.name', name, 'name is reserved')));
  },
};
