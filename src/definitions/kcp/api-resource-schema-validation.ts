import {
  deepEqual,
  dns1123SubdomainErrors,
  type FieldError,
  invalid,
  isObject,
  type JsonObject,
  type KubeObject,
  newObject,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
} from '../../machinery/mod.ts';
import {
  validateApiApproval,
  validateConversion,
  validateEachVersion,
  validateNames,
  validateRequiredNames,
  versionsOf,
} from '../crd/mod.ts';
import { CORE } from './schema-name.ts';

/** The rules of an APIResourceSchema that its own schema cannot express, with kcp's texts and paths. */
export function validateApiResourceSchema(schema: KubeObject): FieldError[] {
  return [...validateName(schema), ...validateApiApproval(schema, undefined), ...validateSpec(schema)];
}

/** The same for an update: what is offered to others does not change under their hands. */
export function validateApiResourceSchemaUpdate(schema: KubeObject, old: KubeObject): FieldError[] {
  // The spec is what it was, and was looked at then.
  if (deepEqual(schema['spec'], old['spec'])) return validateApiApproval(schema, undefined);
  return [invalid('spec', shortSpec(schema), 'is immutable')];
}

const PREFIX = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

function validateName(schema: KubeObject): FieldError[] {
  const name = schema.metadata.name ?? '';
  const spec = objectAt(schema, 'spec');
  const plural = textAt(objectAt(spec, 'names'), 'plural');
  // That it is missing is said with the other names.
  if (plural === '') return [];
  const suffix = `.${plural}.${textAt(spec, 'group') || CORE}`;
  if (!name.endsWith(suffix)) return [invalid('metadata.name', name, `must end in ${suffix}`)];
  if (PREFIX.test(name.slice(0, -suffix.length))) return [];
  return [invalid('metadata.name', name, `must match ${PREFIX.source} in front of ${suffix}`)];
}

function validateSpec(schema: KubeObject): FieldError[] {
  const spec = objectAt(schema, 'spec') ?? newObject();
  const names = objectAt(spec, 'names') ?? newObject();
  const versions = versionsOf(crdLike(schema));
  const isStoredOnce = versions.filter(({ isStorage }) => isStorage).length === 1;
  const conversion = objectAt(spec, 'conversion');
  return [
    ...validateGroup(textAt(spec, 'group')),
    ...validateEachVersion(versions),
    ...(isStoredOnce
      ? []
      : [
          invalid(
            'spec.versions',
            shortVersions(schema),
            'must have exactly one version marked as storage version',
          ),
        ]),
    ...validateRequiredNames(names),
    ...validateNames(names, 'spec.names'),
    ...(conversion === undefined
      ? []
      : validateConversion(conversion, { allowsBadCaBundle: false, old: undefined })),
  ];
}

/** The groups of Kubernetes' first years have no dot. */
const OLD_GROUPS = new Set(['apps', 'batch', 'extensions', 'policy', 'autoscaling']);

function validateGroup(group: string): FieldError[] {
  if (group === '') return [];
  if (group === CORE) return [invalid('spec.group', group, 'must be empty string for the core group')];
  const errors = dns1123SubdomainErrors(group);
  if (errors.length > 0) return [invalid('spec.group', group, errors.join(','))];
  if (group.includes('.') || OLD_GROUPS.has(group)) return [];
  return [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

/** As rules for CRDs read it: they have the schema of a version one step deeper. */
function crdLike(schema: KubeObject): KubeObject {
  const spec = objectAt(schema, 'spec') ?? newObject();
  const versions = objectsAt(spec, 'versions').map((version) =>
    objectOf({
      ...version,
      schema: isObject(version['schema']) ? objectOf({ openAPIV3Schema: version['schema'] }) : undefined,
    }),
  );
  return objectOf({ ...schema, spec: objectOf({ ...spec, versions }) }) as unknown as KubeObject;
}

/** Schemas would make a message as large as the object. */
function shortVersions(schema: KubeObject): JsonObject[] {
  return objectsAt(objectAt(schema, 'spec'), 'versions').map(({ name, served, storage }) =>
    objectOf({ name, served, storage }),
  );
}

function shortSpec(schema: KubeObject): JsonObject {
  return objectOf({ ...objectAt(schema, 'spec'), versions: shortVersions(schema) });
}
