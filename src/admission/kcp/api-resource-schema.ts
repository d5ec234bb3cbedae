import { validateApiResourceSchema, validateApiResourceSchemaUpdate } from '../../definitions/mod.ts';
import type { AdmissionPlugin } from '../chain.ts';
import { isAbout } from '../refusal.ts';
import { refuseInvalid } from './refuse-invalid.ts';

const SCHEMAS = { group: 'apis.kcp.io', resource: 'apiresourceschemas' };

/** A schema has to be one that consumers can be served by, before anybody binds it; and then it stays as it is. */
export const apiResourceSchemas: AdmissionPlugin = {
  name: 'tenancy.kcp.io/APIResourceSchema',
  operations: ['CREATE', 'UPDATE'],
  validate(request) {
    const { object, oldObject } = request;
    if (!isAbout(request, SCHEMAS) || object === undefined) return;
    refuseInvalid(
      request,
      oldObject === undefined
        ? validateApiResourceSchema(object)
        : validateApiResourceSchemaUpdate(object, oldObject),
    );
  },
};
