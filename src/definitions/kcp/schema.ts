import type { Schema, ValidationRule } from '../../machinery/mod.ts';

/** The schemas of kcp's kinds are made of these, so that a field takes a line and has a description. */

export function text(description: string, rules: Schema = {}): Schema {
  return { type: 'string', description, ...rules };
}

export function flag(description: string, rules: Schema = {}): Schema {
  return { type: 'boolean', description, ...rules };
}

export function integer(description: string, rules: Schema = {}): Schema {
  return { type: 'integer', description, ...rules };
}

export function list(items: Schema, description: string, rules: Schema = {}): Schema {
  return { type: 'array', description, items, ...rules };
}

/** An associative list: its items are told apart by these fields. */
export function listByKeys(
  items: Schema,
  description: string,
  { keys, ...rules }: Schema & { readonly keys: readonly string[] },
): Schema {
  return list(items, description, {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
    ...rules,
  });
}

export function textSet(description: string, rules: Schema = {}): Schema {
  return list({ type: 'string' }, description, { 'x-kubernetes-list-type': 'set', ...rules });
}

export function struct(
  properties: Readonly<Record<string, Schema>>,
  description: string,
  rules: Schema = {},
): Schema {
  return { type: 'object', description, properties, ...rules };
}

export function textMap(description: string, rules: Schema = {}): Schema {
  return { type: 'object', description, additionalProperties: { type: 'string' }, ...rules };
}

export function rules(...validations: readonly ValidationRule[]): Schema {
  return { 'x-kubernetes-validations': validations };
}

/** Colon-separated names, from the root of the tree downwards. */
export const PATH_PATTERN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(:[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
export const API_GROUP_PATTERN = '^(|[a-z0-9]([-a-z0-9]*[a-z0-9](\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?)$';
export const API_VERSION_PATTERN = '^v[1-9][0-9]*([a-z]+[1-9][0-9]*)?$';
/** Without an end anchor, as kcp has it: WorkspaceType objects have a stricter rule for their own names. */
export const TYPE_NAME_PATTERN = '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?';
export const WORKSPACE_NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';

const INITIALIZER_PATTERN =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(:[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[a-z0-9][a-z0-9]([-a-z0-9]*[a-z0-9])?))|(system:.+)$';

/** Names of initializers or terminators: `<path>:<type>` or `system:…`. */
export function lifecycleNames(description: string): Schema {
  return list(
    text('A workspace type, or `system:` and a name.', { pattern: INITIALIZER_PATTERN }),
    description,
  );
}

/** The phases of a LogicalCluster and of its Workspace. */
export const PHASES: readonly string[] = [
  'Scheduling',
  'Initializing',
  'Ready',
  'Unavailable',
  'Inactive',
  'Terminating',
  'Deleting',
];

/** kcp's conditions have a severity besides what Kubernetes' have, and are no associative list. */
export const conditions: Schema = list(
  struct(
    {
      type: text('What the condition is about, in CamelCase.'),
      status: text('True, False or Unknown.'),
      severity: text('Error, Warning or Info; empty while the status is True.'),
      reason: text('Why, for programs: one word in CamelCase.'),
      message: text('Why, for people.'),
      lastTransitionTime: text('When the status last changed.', { format: 'date-time' }),
    },
    'One observation about the object.',
    { required: ['lastTransitionTime', 'status', 'type'] },
  ),
  'What is observed of the object at present.',
);

export function workspaceTypeReference(description: string, rules: Schema = {}): Schema {
  return struct(
    {
      name: text('Name of the WorkspaceType.', { pattern: TYPE_NAME_PATTERN }),
      path: text('Path of the workspace that has the type.', { pattern: PATH_PATTERN }),
    },
    description,
    { required: ['name'], ...rules },
  );
}

export function exportReference(description: string, rules: Schema = {}): Schema {
  return struct(
    {
      name: text('Name of the APIExport.'),
      path: text('Path of the workspace that has it; this workspace if empty.', { pattern: PATH_PATTERN }),
    },
    description,
    { required: ['name'], ...rules },
  );
}

const selectorProperties: Readonly<Record<string, Schema>> = {
  matchLabels: textMap('Labels that have to have these values.'),
  matchExpressions: list(
    struct(
      {
        key: text('Key of the label.'),
        operator: text('In, NotIn, Exists or DoesNotExist.'),
        values: list({ type: 'string' }, 'The values of In and NotIn.', {
          'x-kubernetes-list-type': 'atomic',
        }),
      },
      'What has to hold of one label.',
      { required: ['key', 'operator'] },
    ),
    'What has to hold of labels; all of it.',
    { 'x-kubernetes-list-type': 'atomic' },
  ),
};

export function labelSelector(description: string): Schema {
  return struct(selectorProperties, description, { 'x-kubernetes-map-type': 'atomic' });
}

/** Which objects of a claimed resource are meant: all, or those with certain labels. */
export function claimSelector(description: string, rules: Schema = {}): Schema {
  return struct({ matchAll: flag('All objects of the resource.'), ...selectorProperties }, description, {
    'x-kubernetes-map-type': 'atomic',
    ...rules,
  });
}
