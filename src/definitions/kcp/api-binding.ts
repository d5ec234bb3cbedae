import type { Schema } from '../../machinery/mod.ts';
import { legacyApiBinding, modernApiBinding } from './api-binding-conversion.ts';
import { AGE, type KcpKind, kindSchema } from './kind.ts';
import {
  acceptablePermissionClaim,
  legacyAcceptablePermissionClaim,
  legacyPermissionClaim,
  permissionClaim,
  scopedPermissionClaim,
} from './permission-claim.ts';
import { conditions, exportReference, list, listByKeys, rules, struct, text, textSet } from './schema.ts';

const DESCRIPTION = 'Makes the API of an APIExport available in this workspace.';
const CLAIMS_APPLIED = 'The claims that are in force.';
const CLAIMS_ANSWERED = 'What the consumer answers to the claims of the provider.';
const CLAIM_KEYS = ['group', 'resource', 'identityHash'];

const reference: Schema = struct(
  { export: exportReference('The APIExport. Whoever binds it needs the verb `bind` on it.') },
  'What is bound. It cannot be changed.',
  {
    oneOf: [{ required: ['export'] }],
    ...rules({ rule: 'self == oldSelf', message: 'APIExport reference must not be changed' }),
  },
);

const boundResources: Schema = listByKeys(
  struct(
    {
      group: text('API group of the resource; empty for the core group.'),
      resource: text('Plural name of the resource.'),
      schema: struct(
        {
          name: text('Name of the APIResourceSchema.', { minLength: 1 }),
          UID: text('Uid of the APIResourceSchema.', { minLength: 1 }),
          identityHash: text('Identity under which objects are kept.', { minLength: 1 }),
        },
        'The schema that is bound.',
        { required: ['UID', 'identityHash', 'name'] },
      ),
      storageVersions: textSet('All versions in which objects have ever been stored.'),
    },
    'A resource that is bound.',
    { required: ['group', 'resource', 'schema'] },
  ),
  'The resources that are bound.',
  { keys: ['group', 'resource'] },
);

function statusOf(claims: { readonly applied: Schema; readonly exported: Schema }): Schema {
  return struct(
    {
      phase: text('Empty at first, then Binding, then Bound.', { enum: ['', 'Binding', 'Bound'] }),
      apiExportClusterName: text('Name of the logical cluster that has the APIExport.'),
      boundResources,
      conditions,
      appliedPermissionClaims: claims.applied,
      exportPermissionClaims: list(claims.exported, 'The claims that the provider makes at present.'),
    },
    'What came out of it.',
  );
}

const columns = [
  AGE,
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
];

export const apiBinding: KcpKind = {
  group: 'apis.kcp.io',
  kind: 'APIBinding',
  plural: 'apibindings',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: false,
      hasStatus: true,
      conversion: { toHome: modernApiBinding, fromHome: legacyApiBinding },
      columns,
      schema: kindSchema({
        description: DESCRIPTION,
        spec: struct(
          { reference, permissionClaims: list(legacyAcceptablePermissionClaim, CLAIMS_ANSWERED) },
          'What is bound.',
          { required: ['reference'] },
        ),
        status: statusOf({
          applied: list(legacyPermissionClaim, CLAIMS_APPLIED),
          exported: legacyPermissionClaim,
        }),
        required: ['spec'],
      }),
    },
    {
      name: 'v1alpha2',
      isStorage: true,
      hasStatus: true,
      columns,
      schema: kindSchema({
        description: DESCRIPTION,
        spec: struct(
          {
            reference,
            permissionClaims: listByKeys(acceptablePermissionClaim, CLAIMS_ANSWERED, { keys: CLAIM_KEYS }),
          },
          'What is bound.',
          { required: ['reference'] },
        ),
        status: statusOf({
          applied: listByKeys(scopedPermissionClaim, CLAIMS_APPLIED, { keys: CLAIM_KEYS }),
          exported: permissionClaim,
        }),
        required: ['spec'],
      }),
    },
  ],
};
