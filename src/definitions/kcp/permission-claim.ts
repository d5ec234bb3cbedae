import type { Schema } from '../../machinery/mod.ts';
import { API_GROUP_PATTERN, claimSelector, flag, list, rules, struct, text, textSet } from './schema.ts';

// A subresource is claimed as in RBAC: `serviceaccounts/token`.
const RESOURCE_PATTERN = '^[a-z][-a-z0-9]*[a-z0-9](/[a-z][-a-z0-9]*[a-z0-9])?$';

const group = text('API group of the claimed resource; empty for the core group.', {
  default: '',
  pattern: API_GROUP_PATTERN,
});
const resource = text('Name of the claimed resource.', { maxLength: 127, pattern: RESOURCE_PATTERN });
const identity = 'Identity of the APIExport that the resource comes from; empty for built-in ones.';

const claim: Readonly<Record<string, Schema>> = {
  group,
  resource,
  verbs: textSet('What the provider wants to do with the objects.', { minItems: 1 }),
  identityHash: text(identity, { default: '' }),
  defaultSelector: claimSelector(
    'Which objects are meant where a workspace accepts the claim by itself, for a default binding; all without it.',
  ),
};

const NO_DEFAULT_SELECTOR = {
  rule: "!self.resource.contains('/') || !has(self.defaultSelector)",
  message: 'defaultSelector is not allowed on subresource claims',
};

/** v1alpha2: what a provider asks for. */
export const permissionClaim: Schema = struct(claim, 'Objects that the provider wants to work with.', {
  required: ['resource', 'verbs'],
  ...rules(NO_DEFAULT_SELECTOR),
});

// kcp has a rule that selectors are immutable, and a test that changes one: they can be changed.
const scoped: Readonly<Record<string, Schema>> = {
  ...claim,
  selector: claimSelector('Which objects the provider gets.'),
};

/** v1alpha2: what a provider has got. */
export const scopedPermissionClaim: Schema = struct(scoped, 'Objects that the provider may work with.', {
  required: ['resource', 'selector', 'verbs'],
});

const state = text('What the consumer answers.', { enum: ['Accepted', 'Rejected'] });

/** v1alpha2: what the consumer answers. */
export const acceptablePermissionClaim: Schema = struct(
  { ...scoped, state },
  'The answer to a claim of the provider.',
  { required: ['resource', 'selector', 'state', 'verbs'] },
);

const legacyClaim: Readonly<Record<string, Schema>> = {
  group,
  resource,
  all: flag('All objects of the resource.'),
  identityHash: text(identity),
  resourceSelector: list(
    struct(
      {
        name: text('Name of the objects, in any namespace if none is given.', {
          minLength: 1,
          maxLength: 253,
          pattern: '^([a-z0-9][-a-z0-9_.]*)?[a-z0-9]$',
        }),
        namespace: text('Namespace of the objects; all of them if no name is given.', { minLength: 1 }),
      },
      'Some objects.',
      rules({ rule: 'has(self.__namespace__) || has(self.name)', message: 'at least one field must be set' }),
    ),
    'Which objects of the resource.',
  ),
};

const ALL_OR_SOME = rules({
  rule: '(has(self.all) && self.all) != (has(self.resourceSelector) && size(self.resourceSelector) > 0)',
  message: 'either "all" or "resourceSelector" must be set',
});

/** v1alpha1: what a provider asks for, and what it has got. */
export const legacyPermissionClaim: Schema = struct(
  legacyClaim,
  'Objects that the provider wants to work with.',
  { required: ['resource'], ...ALL_OR_SOME },
);

/** v1alpha1: what the consumer answers. */
export const legacyAcceptablePermissionClaim: Schema = struct(
  { ...legacyClaim, state },
  'The answer to a claim of the provider.',
  { required: ['resource', 'state'], ...ALL_OR_SOME },
);
