import {
  isObject,
  type JsonObject,
  type KubeObject,
  newObject,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
} from '../../machinery/mod.ts';
import { CONSISTENCY_ANNOTATION, consistencyOf } from '../consistency.ts';
import { CONVERSION_RULES, defaultCustomResourceDefinition } from '../crd/mod.ts';

const APPROVAL = 'api-approved.kubernetes.io';

/**
 * The CustomResourceDefinition that an APIResourceSchema is served as, with the names and annotations that kcp gives
 * it: its name is the schema's uid, because schemas of one name may follow each other. It shares parts with the
 * schema, and neither must be changed afterwards.
 */
export function crdFromSchema(
  schema: KubeObject,
  options: {
    /** Where the schema lies. */
    readonly cluster: string;
    /** RFC 3339. */
    readonly now: string;
    /** The APIConversion of the schema, if it has one. */
    readonly conversion?: KubeObject | undefined;
  },
): KubeObject {
  const spec = objectAt(schema, 'spec') ?? newObject();
  const uid = schema.metadata.uid ?? '';
  const approval = schema.metadata.annotations?.[APPROVAL];
  const nameValidation = textAt(spec, 'nameValidation');
  const crd = objectOf({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: objectOf({
      annotations: objectOf({
        ...(approval === undefined ? {} : { [APPROVAL]: approval }),
        'apis.kcp.io/bound-crd': '',
        'apis.kcp.io/schema-cluster': options.cluster,
        'apis.kcp.io/schema-name': schema.metadata.name ?? '',
      }),
      creationTimestamp: options.now,
      generation: 1,
      name: uid,
      uid,
    }),
    spec: objectOf({
      conversion: conversionOf(spec, options.conversion),
      group: textAt(spec, 'group'),
      // Only what is unlike a CRD: it is part of what the definition is known by.
      nameValidation: nameValidation === PATH_SEGMENT_NAME ? nameValidation : undefined,
      consistency: consistencyOf(schema.metadata.annotations?.[CONSISTENCY_ANNOTATION]),
      names: objectOf({ ...(objectAt(spec, 'names') ?? {}) }),
      scope: textAt(spec, 'scope'),
      versions: objectsAt(spec, 'versions').map(versionFrom),
    }),
    status: newObject(),
  }) as unknown as KubeObject;
  defaultCustomResourceDefinition(crd);
  const names = objectAt(objectAt(crd, 'spec'), 'names');
  const condition = (type: string, reason: string, message: string): JsonObject =>
    objectOf({ type, status: 'True', lastTransitionTime: options.now, reason, message });
  crd['status'] = objectOf({
    ...(objectAt(crd, 'status') ?? {}),
    acceptedNames: objectOf({ ...names }),
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
  });
  return crd;
}

/** As the schema says, with the rules of its APIConversion where nobody else converts. */
function conversionOf(spec: JsonObject, conversion: KubeObject | undefined): JsonObject | undefined {
  const own = objectAt(spec, 'conversion');
  const rules = objectsAt(objectAt(conversion, 'spec'), 'conversions');
  if (rules.length === 0 || textAt(own, 'strategy') === 'Webhook') return own;
  return objectOf({ strategy: 'None', ...own, [CONVERSION_RULES]: rules });
}

/** The value of `nameValidation` for names that are only parts of a path. */
export const PATH_SEGMENT_NAME = 'PathSegmentName';

function versionFrom(version: JsonObject): JsonObject {
  const schema = version['schema'];
  return objectOf({
    ...version,
    served: version['served'] !== false,
    storage: version['storage'] === true,
    schema: isObject(schema) ? objectOf({ openAPIV3Schema: schema }) : undefined,
  });
}
