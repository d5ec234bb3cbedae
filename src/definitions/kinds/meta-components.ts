import {
  type Components,
  flag,
  int32,
  int64,
  item,
  LIST_META,
  list,
  META,
  MICRO_TIME,
  nested,
  optional,
  QUANTITY,
  struct,
  TIME,
  text,
  textMap,
  texts,
  time,
} from './fields.ts';

/** Components that every group refers to: metadata, lists, statuses, selectors and scalars of their own. */
export const metaComponents: Components = {
  [`${META}.ObjectMeta`]: struct('What every stored object carries: identity, labels, owners and history.', {
    annotations: textMap('Free-form notes for tools. They cannot be selected by.'),
    creationTimestamp: time('When the server created the object. Set by the server.', { presence: 'omit' }),
    deletionGracePeriodSeconds: int64('Seconds that the object had left when its deletion was requested.', {
      presence: 'keep',
    }),
    deletionTimestamp: time(
      'When deletion was requested. The object goes once its finalizers are gone. Set by the server.',
      { presence: 'keep' },
    ),
    finalizers: texts('Names of those who must act before the object may be removed.', {
      listType: 'set',
      patchStrategy: 'merge',
    }),
    generateName: text('Prefix for a unique name, used when `name` is empty. The server appends a suffix.'),
    generation: int64('Number of the version of the desired state. Set by the server.'),
    labels: textMap('Keys and values by which objects are grouped and selected.'),
    managedFields: list(
      item(`${META}.ManagedFieldsEntry`),
      'Which field manager set which fields. Kept by the server for server-side apply.',
      { listType: 'atomic' },
    ),
    name: text('Name of the object, unique among its kind in its namespace. Cannot be changed.'),
    namespace: text('Namespace of the object; empty for cluster-scoped kinds. Cannot be changed.'),
    ownerReferences: list(
      item(`${META}.OwnerReference`),
      'Objects this one depends on. When all of them are gone it is collected. At most one is the controller.',
      { listType: 'map', listMapKeys: ['uid'], mergeKey: 'uid', patchStrategy: 'merge' },
    ),
    resourceVersion: text('Opaque version of this object, for optimistic concurrency and watches.'),
    selfLink: text('No longer set by the server.'),
    uid: text('Identity of this object in time and space. Set by the server.'),
  }),
  [`${META}.ManagedFieldsEntry`]: struct('One field manager and the fields it owns.', {
    apiVersion: text('Version of the schema that the field names belong to.'),
    fieldsType: text('Format of `fieldsV1`; always FieldsV1.'),
    fieldsV1: optional(`${META}.FieldsV1`, 'The owned fields.'),
    manager: text('Name of the field manager.'),
    operation: text('How the fields came to be owned: Apply or Update.'),
    subresource: text('The subresource that was written through, if any.'),
    time: time('When the set of owned fields last changed.', { presence: 'keep' }),
  }),
  [`${META}.FieldsV1`]: {
    type: 'object',
    description: 'A tree of field names: `f:<name>` for fields, `k:<keys>` and `v:<value>` for list items.',
  },
  [`${META}.OwnerReference`]: struct(
    'Names an object that owns this one. It must be in the same namespace or cluster-scoped.',
    {
      apiVersion: text('Group and version of the owner.', { presence: 'print' }),
      blockOwnerDeletion: flag('If true, foreground deletion of the owner waits for this object.', {
        presence: 'keep',
      }),
      controller: flag('If true, the owner is the one controller that manages this object.', {
        presence: 'keep',
      }),
      kind: text('Kind of the owner.', { presence: 'print' }),
      name: text('Name of the owner.', { presence: 'print' }),
      uid: text('UID of the owner.', { presence: 'print' }),
    },
    { required: ['apiVersion', 'kind', 'name', 'uid'], mapType: 'atomic' },
  ),
  [LIST_META]: struct('What every list carries.', {
    continue: text('Token for the next page; empty on the last one.'),
    remainingItemCount: int64('About how many items follow after this page.', { presence: 'keep' }),
    resourceVersion: text('Version of the collection when it was read; a watch may start there.'),
    selfLink: text('No longer set by the server.'),
  }),
  [TIME]: { type: 'string', format: 'date-time', description: 'A point in time, RFC 3339, in seconds.' },
  [MICRO_TIME]: {
    type: 'string',
    format: 'date-time',
    description: 'A point in time, RFC 3339, in microseconds.',
  },
  [QUANTITY]: {
    description:
      'A decimal number with an optional suffix: m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei, or an exponent such as e3.',
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    description: 'A 32-bit integer or a string.',
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': {
    type: 'object',
    description: 'An object of any kind, passed through as it is.',
  },
  [`${META}.Patch`]: { type: 'object', description: 'The body of a PATCH request.' },
  [`${META}.Status`]: struct('The answer to a request that returns no object, and the form of every error.', {
    apiVersion: text('Always v1.'),
    code: int32('The HTTP status code.'),
    details: optional(`${META}.StatusDetails`, 'More about the reason.', { listType: 'atomic' }),
    kind: text('Always Status.'),
    message: text('What happened, for people.'),
    metadata: nested(LIST_META, 'Continue token of an expired list.'),
    reason: text('Why it failed, in one word, for programs.'),
    status: text('Success or Failure.'),
  }),
  [`${META}.StatusDetails`]: struct('What a Status is about.', {
    causes: list(item(`${META}.StatusCause`), 'Each single thing that is wrong.', { listType: 'atomic' }),
    group: text('Group of the resource.'),
    kind: text('The resource, or the kind, that the request was about.'),
    name: text('Name of the object.'),
    retryAfterSeconds: int32('Seconds to wait before trying again.'),
    uid: text('UID of the object.'),
  }),
  [`${META}.StatusCause`]: struct('One thing that is wrong.', {
    field: text('Path of the field that is wrong.'),
    message: text('What is wrong, for people.'),
    reason: text('What is wrong, in one word, for programs.'),
  }),
  [`${META}.DeleteOptions`]: struct('How an object is to be deleted.', {
    apiVersion: text('Group and version of these options.'),
    dryRun: texts('`All` checks everything and deletes nothing.', { listType: 'atomic' }),
    gracePeriodSeconds: int64('Seconds to wait before removal. Zero means at once.', { presence: 'keep' }),
    ignoreStoreReadErrorWithClusterBreakingPotential: flag('Accepted, without effect here.', {
      presence: 'keep',
    }),
    kind: text('Always DeleteOptions.'),
    orphanDependents: flag('Deprecated: use propagationPolicy.', { presence: 'keep' }),
    preconditions: optional(`${META}.Preconditions`, 'What must hold for the deletion to happen.'),
    propagationPolicy: text('What becomes of dependents: Orphan, Background or Foreground.', {
      presence: 'keep',
    }),
  }),
  [`${META}.Preconditions`]: struct('What must hold before an object is deleted.', {
    resourceVersion: text('The version the object must have.', { presence: 'keep' }),
    uid: text('The UID the object must have.', { presence: 'keep' }),
  }),
  [`${META}.WatchEvent`]: struct(
    'One event of a watch.',
    {
      object: nested('io.k8s.apimachinery.pkg.runtime.RawExtension', 'The object, or a Status after ERROR.', {
        presence: 'keep',
      }),
      type: text('ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.', { presence: 'print' }),
    },
    { required: ['type', 'object'] },
  ),
  [`${META}.LabelSelector`]: struct(
    'Selects objects by label. All conditions must hold; an empty selector selects everything.',
    {
      matchExpressions: list(item(`${META}.LabelSelectorRequirement`), 'Conditions on labels.', {
        listType: 'atomic',
      }),
      matchLabels: textMap('Labels that must have exactly these values.'),
    },
    { mapType: 'atomic' },
  ),
  [`${META}.LabelSelectorRequirement`]: requirement('label'),
  [`${META}.FieldSelectorRequirement`]: requirement('field'),
  [`${META}.Condition`]: struct(
    'One aspect of the observed state of an object.',
    {
      lastTransitionTime: time('When the status last changed.'),
      message: text('Details of the last transition, for people.', { presence: 'print' }),
      observedGeneration: int64('The metadata.generation that this condition was set for.'),
      reason: text('Reason of the last transition, in CamelCase, for programs.', { presence: 'print' }),
      status: text('True, False or Unknown.', { presence: 'print' }),
      type: text('Name of the condition.', { presence: 'print' }),
    },
    { required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'] },
  ),
};

/** Condition fields of the older condition types, which require less than metav1.Condition does. */
export const legacyConditionFields = {
  lastTransitionTime: time('When the status last changed.'),
  message: text('Details of the last transition, for people.'),
  reason: text('Reason of the last transition, in CamelCase, for programs.'),
  status: text('True, False or Unknown.', { presence: 'print' }),
  type: text('Name of the condition.', { presence: 'print' }),
};

/** autoscaling/v1 Scale, the form of the scale subresource of custom resources. */
export const scaleComponents: Components = {
  'io.k8s.api.autoscaling.v1.Scale': struct('How many replicas are wanted, and how many there are.', {
    apiVersion: text('Always autoscaling/v1.'),
    kind: text('Always Scale.'),
    metadata: nested(`${META}.ObjectMeta`, 'Metadata of the object that is scaled.'),
    spec: nested('io.k8s.api.autoscaling.v1.ScaleSpec', 'What is wanted.'),
    status: nested('io.k8s.api.autoscaling.v1.ScaleStatus', 'What there is.'),
  }),
  'io.k8s.api.autoscaling.v1.ScaleSpec': struct('The wanted scale.', {
    replicas: int32('Wanted number of replicas.'),
  }),
  'io.k8s.api.autoscaling.v1.ScaleStatus': struct(
    'The observed scale.',
    {
      replicas: int32('Observed number of replicas.', { presence: 'print' }),
      selector: text('Label selector of the replicas, in its text form.'),
    },
    { required: ['replicas'] },
  ),
};

function requirement(what: 'label' | 'field') {
  return struct(
    `One condition on a ${what}.`,
    {
      key: text(`The ${what} that the condition is about.`, { presence: 'print' }),
      operator: text('In, NotIn, Exists or DoesNotExist.', { presence: 'print' }),
      values: texts('Values for In and NotIn; empty for the others.', { listType: 'atomic' }),
    },
    { required: ['key', 'operator'] },
  );
}
