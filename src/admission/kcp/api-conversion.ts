import { compileConversionRules, crdFromSchema, versionsOf } from '../../definitions/mod.ts';
import { aggregateErrors, type KubeObject, objectAt, objectsAt, parseJson } from '../../machinery/mod.ts';
import type { ObjectKey } from '../../store/mod.ts';
import type { AdmissionPlugin, AdmissionReads, AdmissionRequest } from '../chain.ts';
import { isAbout, newAdmissionForbidden } from '../refusal.ts';

const CONVERSIONS = { group: 'apis.kcp.io', resource: 'apiconversions' };
const SCHEMAS = 'apiresourceschemas';

/** An APIConversion is for the schema of its name, and its rules can be compiled for the versions of that. */
export const apiConversions: AdmissionPlugin = {
  name: 'apis.kcp.io/APIConversion',
  operations: ['CREATE', 'UPDATE'],
  validate(request, reads) {
    const { object } = request;
    if (!isAbout(request, CONVERSIONS) || object === undefined) return;
    const crd = crdFromSchema(schemaOf(request, reads, object.metadata.name ?? ''), {
      cluster: request.cluster,
      now: '',
    });
    const schemas = new Map(
      versionsOf(crd).flatMap(({ name, schema }) => (schema === undefined ? [] : [[name, schema] as const])),
    );
    const { errors } = compileConversionRules(objectsAt(objectAt(object, 'spec'), 'conversions'), schemas);
    if (errors.length > 0)
      throw newAdmissionForbidden(request, `error compiling conversion rules: ${aggregateErrors(errors)}`);
  },
};

function schemaOf(request: AdmissionRequest, reads: AdmissionReads, name: string): KubeObject {
  const { cluster } = request;
  const { group } = CONVERSIONS;
  const key: ObjectKey = { cluster, group, resource: SCHEMAS, identity: '', namespace: '', name };
  const row = reads.read(key);
  if (row !== undefined) return parseJson(row.json).value as KubeObject;
  const detail = `error getting APIResourceSchema ${name}: apiresourceschema.${group} "${name}" not found`;
  throw newAdmissionForbidden(request, detail);
}
