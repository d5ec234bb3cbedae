import {
  bytes,
  type Components,
  double,
  flag,
  int32,
  int64,
  item,
  kindStruct,
  list,
  map,
  nested,
  optional,
  REFERENCE_PREFIX,
  reference,
  struct,
  text,
  texts,
} from './fields.ts';
import { legacyConditionFields } from './meta-components.ts';

const GROUP = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
const PROPS = `${GROUP}.JSONSchemaProps`;

const schemas = (description: string) => map({ $ref: `${REFERENCE_PREFIX}${PROPS}` }, description);
const alternatives = (description: string) => list(item(PROPS), description, { listType: 'atomic' });
const keep = { presence: 'keep' } as const;
const print = { presence: 'print' } as const;
const atomic = { listType: 'atomic' } as const;

export const customResourceDefinitionComponents: Components = {
  [`${GROUP}.CustomResourceDefinition`]: kindStruct(
    'Adds a kind of resource to the API. Its name is `<plural>.<group>`.',
    {
      spec: nested(`${GROUP}.CustomResourceDefinitionSpec`, 'How the resource is to appear.'),
      status: nested(`${GROUP}.CustomResourceDefinitionStatus`, 'How the resource appears.'),
    },
    { required: ['spec'] },
  ),
  [`${GROUP}.CustomResourceDefinitionSpec`]: struct(
    'How a custom resource is to appear.',
    {
      conversion: optional(
        `${GROUP}.CustomResourceConversion`,
        'How objects get from one version to another.',
      ),
      group: text('Group of the resource, a domain name. It is served under /apis/<group>.', print),
      names: nested(`${GROUP}.CustomResourceDefinitionNames`, 'Names of the resource and its kind.'),
      preserveUnknownFields: flag('Must be false: fields that the schema does not know are dropped.'),
      scope: text('Namespaced or Cluster.', print),
      versions: list(item(`${GROUP}.CustomResourceDefinitionVersion`), 'The versions of the resource.', {
        ...print,
        ...atomic,
      }),
    },
    { required: ['group', 'names', 'scope', 'versions'] },
  ),
  [`${GROUP}.CustomResourceDefinitionNames`]: struct(
    'Names of a custom resource and its kind.',
    {
      categories: texts('Groups of resources that it is listed with, such as `all`.', atomic),
      kind: text('Name of one object, in CamelCase.', print),
      listKind: text('Name of a list; the kind with List appended by default.'),
      plural: text('Name in paths, in lower case.', print),
      shortNames: texts('Abbreviations for command lines.', atomic),
      singular: text('Name of one object for command lines; the kind in lower case by default.'),
    },
    { required: ['plural', 'kind'] },
  ),
  [`${GROUP}.CustomResourceDefinitionVersion`]: struct(
    'One version of a custom resource.',
    {
      additionalPrinterColumns: list(
        item(`${GROUP}.CustomResourceColumnDefinition`),
        'Columns of tables. By default there is one, the age.',
        atomic,
      ),
      deprecated: flag('If true, requests for this version are answered with a warning.'),
      deprecationWarning: text('The text of that warning.', keep),
      name: text('Name of the version, such as v1 or v2beta1.', print),
      schema: optional(`${GROUP}.CustomResourceValidation`, 'What objects of this version may look like.'),
      selectableFields: list(
        item(`${GROUP}.SelectableField`),
        'Fields that field selectors may use; at most 8.',
        atomic,
      ),
      served: flag('Whether this version is served.', print),
      storage: flag('Whether objects are stored in this version. True for exactly one.', print),
      subresources: optional(`${GROUP}.CustomResourceSubresources`, 'Subresources of the objects.'),
    },
    { required: ['name', 'served', 'storage'] },
  ),
  [`${GROUP}.CustomResourceColumnDefinition`]: struct(
    'One column of tables.',
    {
      description: text('What the column shows.'),
      format: text('Format of the values; `name` marks the column of names.'),
      jsonPath: text('Path of the value in an object, with a leading dot.', print),
      name: text('Heading of the column.', print),
      priority: int32('Zero for columns that are always shown; higher for wide tables.'),
      type: text('One of integer, number, string, boolean and date.', print),
    },
    { required: ['name', 'type', 'jsonPath'] },
  ),
  [`${GROUP}.SelectableField`]: struct(
    'A field that field selectors may use.',
    {
      jsonPath: text(
        'Path of the field, with a leading dot. It must be a string, boolean or integer.',
        print,
      ),
    },
    { required: ['jsonPath'] },
  ),
  [`${GROUP}.CustomResourceSubresources`]: struct('Subresources of a custom resource.', {
    scale: optional(`${GROUP}.CustomResourceSubresourceScale`, 'Serves /scale.'),
    status: optional(`${GROUP}.CustomResourceSubresourceStatus`, 'Serves /status, apart from the rest.'),
  }),
  [`${GROUP}.CustomResourceSubresourceStatus`]: struct('The status subresource. It has no settings.', {}),
  [`${GROUP}.CustomResourceSubresourceScale`]: struct(
    'Where the scale subresource finds its values.',
    {
      labelSelectorPath: text('Path of the label selector in its text form, under .spec or .status.', keep),
      specReplicasPath: text('Path of the wanted number of replicas, under .spec.', print),
      statusReplicasPath: text('Path of the observed number of replicas, under .status.', print),
    },
    { required: ['specReplicasPath', 'statusReplicasPath'] },
  ),
  [`${GROUP}.CustomResourceValidation`]: struct('What objects may look like.', {
    openAPIV3Schema: optional(PROPS, 'The schema.'),
  }),
  [`${GROUP}.CustomResourceConversion`]: struct(
    'How objects get from one version to another.',
    {
      strategy: text('None changes only apiVersion; Webhook asks a service.', print),
      webhook: optional(`${GROUP}.WebhookConversion`, 'The service to ask.'),
    },
    { required: ['strategy'] },
  ),
  [`${GROUP}.WebhookConversion`]: struct(
    'A service that converts objects.',
    {
      clientConfig: optional(`${GROUP}.WebhookClientConfig`, 'How to reach the service.'),
      conversionReviewVersions: texts('Versions of ConversionReview that it takes, best first.', {
        ...print,
        ...atomic,
      }),
    },
    { required: ['conversionReviewVersions'] },
  ),
  [`${GROUP}.WebhookClientConfig`]: struct('How to reach a service: by `url` or by `service`.', {
    caBundle: bytes('Certificates in PEM to check the service with.'),
    service: optional(`${GROUP}.ServiceReference`, 'A service of the cluster.'),
    url: text('An https URL.', keep),
  }),
  [`${GROUP}.ServiceReference`]: struct(
    'Names a service of the cluster.',
    {
      name: text('Name of the service.', print),
      namespace: text('Namespace of the service.', print),
      path: text('Path of the request.', keep),
      port: int32('Port of the service; 443 by default.', keep),
    },
    { required: ['namespace', 'name'] },
  ),
  [`${GROUP}.CustomResourceDefinitionStatus`]: struct('How a custom resource appears.', {
    acceptedNames: nested(`${GROUP}.CustomResourceDefinitionNames`, 'The names in use.'),
    conditions: list(item(`${GROUP}.CustomResourceDefinitionCondition`), 'Details of the state.', {
      ...print,
      listType: 'map',
      listMapKeys: ['type'],
    }),
    observedGeneration: int64('The metadata.generation that this status was computed for.'),
    storedVersions: texts('Versions in which objects have ever been stored.', { ...print, ...atomic }),
  }),
  [`${GROUP}.CustomResourceDefinitionCondition`]: struct(
    'One aspect of the state of a custom resource.',
    {
      ...legacyConditionFields,
      observedGeneration: int64('The metadata.generation that this condition was set for.'),
    },
    { required: ['type', 'status'] },
  ),
  [PROPS]: struct('A JSON schema, as far as custom resources may use it.', {
    $ref: text('Not allowed.', keep),
    $schema: text('Not allowed.'),
    additionalItems: optional(`${GROUP}.JSONSchemaPropsOrBool`, 'Not allowed.'),
    additionalProperties: optional(`${GROUP}.JSONSchemaPropsOrBool`, 'Schema of the values of a map.'),
    allOf: alternatives('Schemas that must all hold.'),
    anyOf: alternatives('Schemas of which at least one must hold.'),
    default: optional(`${GROUP}.JSON`, 'Value of the field when it is not given.'),
    definitions: schemas('Not allowed.'),
    dependencies: map({ $ref: `${REFERENCE_PREFIX}${GROUP}.JSONSchemaPropsOrStringArray` }, 'Not allowed.'),
    description: text('What the field is for; shown by `kubectl explain`.'),
    enum: list(reference(`${GROUP}.JSON`), 'The values that are allowed.', atomic),
    example: optional(`${GROUP}.JSON`, 'An example.'),
    exclusiveMaximum: flag('If true, the value must be less than `maximum`.'),
    exclusiveMinimum: flag('If true, the value must be greater than `minimum`.'),
    externalDocs: optional(`${GROUP}.ExternalDocumentation`, 'More documentation.'),
    format: text('Format of strings and numbers, such as date-time, int64 or uuid.'),
    id: text('Not allowed.'),
    items: optional(`${GROUP}.JSONSchemaPropsOrArray`, 'Schema of the items of a list.'),
    maxItems: int64('Most items of a list.', keep),
    maxLength: int64('Most characters of a string.', keep),
    maxProperties: int64('Most entries of an object.', keep),
    maximum: double('Greatest value.', keep),
    minItems: int64('Fewest items of a list.', keep),
    minLength: int64('Fewest characters of a string.', keep),
    minProperties: int64('Fewest entries of an object.', keep),
    minimum: double('Least value.', keep),
    multipleOf: double('The value must be a multiple of this.', keep),
    not: optional(PROPS, 'A schema that must not hold.'),
    nullable: flag('Whether null is allowed.'),
    oneOf: alternatives('Schemas of which exactly one must hold.'),
    pattern: text('Regular expression (RE2) that a string must match.'),
    patternProperties: schemas('Not allowed.'),
    properties: schemas('Schemas of the fields of an object, by name.'),
    required: texts('Names of fields that must be given.', atomic),
    title: text('A short name of the field.'),
    type: text('One of object, array, string, integer, number and boolean.'),
    uniqueItems: flag('Must be false; use x-kubernetes-list-type set instead.'),
    'x-kubernetes-embedded-resource': flag('The value is an object of any kind, with its metadata.'),
    'x-kubernetes-int-or-string': flag('The value is an integer or a string.'),
    'x-kubernetes-list-map-keys': texts('Fields that identify the items of a list of type map.', atomic),
    'x-kubernetes-list-type': text('How lists are merged: atomic, set or map.', keep),
    'x-kubernetes-map-type': text('How objects are merged: granular or atomic.', keep),
    'x-kubernetes-preserve-unknown-fields': flag('If true, fields without schema are kept.', keep),
    'x-kubernetes-validations': list(item(`${GROUP}.ValidationRule`), 'Rules in CEL.', {
      listType: 'map',
      listMapKeys: ['rule'],
      mergeKey: 'rule',
      patchStrategy: 'merge',
    }),
  }),
  [`${GROUP}.ValidationRule`]: struct(
    'A rule in CEL.',
    {
      fieldPath: text('The field that errors of this rule name.'),
      message: text('What the error says.'),
      messageExpression: text('CEL expression for what the error says.'),
      optionalOldSelf: flag('If true, the rule is also checked when there is no old value.', keep),
      reason: text('Reason of the error, such as FieldValueInvalid.', keep),
      rule: text('The expression; it must be true. `self` is the value, `oldSelf` the one before.', print),
    },
    { required: ['rule'] },
  ),
  [`${GROUP}.ExternalDocumentation`]: struct('Where there is more documentation.', {
    description: text('What it is about.'),
    url: text('Where it is.'),
  }),
  [`${GROUP}.JSON`]: { description: 'Any JSON value.' },
  [`${GROUP}.JSONSchemaPropsOrArray`]: { description: 'A schema, or a list of schemas.' },
  [`${GROUP}.JSONSchemaPropsOrBool`]: { description: 'A schema, or true or false.' },
  [`${GROUP}.JSONSchemaPropsOrStringArray`]: { description: 'A schema, or a list of strings.' },
};
