import type { Schema } from '../../machinery/mod.ts';
import { type KcpKind, kindSchema } from './kind.ts';
import { list, rules, struct, text } from './schema.ts';

const EITHER = {
  rule: 'has(self.claim) || has(self.expression)',
  message: 'either claim or expression must be specified',
};
const NOT_BOTH = {
  rule: '!(has(self.claim) && has(self.expression))',
  message: 'claim and expression cannot both be specified',
};

const claim = text('Name of the claim.', { minLength: 1 });
const expression = text('CEL over the claims.', { minLength: 1 });

function prefixedClaim(description: string): Schema {
  return struct({ claim, expression, prefix: text('Put before the value of the claim.') }, description, {
    ...rules(EITHER, NOT_BOTH, {
      rule: '!(has(self.prefix)) || has(self.claim)',
      message: 'prefix can only be specified when claim is specified',
    }),
  });
}

const issuer = struct(
  {
    url: text('The issuer: the `iss` of its tokens.'),
    discoveryURL: text('Where its discovery document is, if not below the url.'),
    certificateAuthority: text('Who vouches for its server, in PEM.'),
    audiences: list({ type: 'string' }, 'For whom its tokens have to be made out.'),
    audienceMatchPolicy: text('MatchAny: one of the audiences is enough.'),
  },
  'Who makes the tokens.',
  { required: ['url'] },
);

const claimMappings = struct(
  {
    username: prefixedClaim('The name of the user.'),
    groups: prefixedClaim('The groups of the user.'),
    uid: struct({ claim, expression }, 'The uid of the user.', rules(NOT_BOTH)),
    extra: list(
      struct(
        { key: text('Key of the extra.'), valueExpression: text('CEL over the claims.') },
        'One extra of the user.',
        { required: ['key', 'valueExpression'] },
      ),
      'The extras of the user.',
    ),
  },
  'What of a token says who somebody is.',
  { required: ['groups', 'username'] },
);

const claimValidationRule = struct(
  {
    claim,
    requiredValue: text('What the claim has to be.', { minLength: 1 }),
    expression,
    message: text('What is said when the expression is not true.', { minLength: 1 }),
  },
  'One rule.',
  rules(
    EITHER,
    NOT_BOTH,
    {
      rule: '(has(self.expression) && !has(self.requiredValue)) || (has(self.claim) && has(self.requiredValue))',
      message: 'requiredValue can only be specified when claim is specified',
    },
    {
      rule: '(has(self.expression) && has(self.message)) || (has(self.claim) && !has(self.message))',
      message: 'message can only be specified when expression is specified',
    },
  ),
);

const jwt = list(
  struct(
    {
      issuer,
      claimMappings,
      claimValidationRules: list(claimValidationRule, 'What has to hold of the claims.'),
      userValidationRules: list(
        struct(
          { expression: text('CEL over the user.'), message: text('What is said when it is not true.') },
          'One rule.',
          { required: ['expression', 'message'] },
        ),
        'What has to hold of the user in the end.',
      ),
    },
    'One issuer and what is made of its tokens.',
    { required: ['claimMappings', 'issuer'] },
  ),
  'The issuers whose tokens are taken.',
);

export const workspaceAuthenticationConfiguration: KcpKind = {
  group: 'tenancy.kcp.io',
  kind: 'WorkspaceAuthenticationConfiguration',
  plural: 'workspaceauthenticationconfigurations',
  exportedBy: 'tenancy.kcp.io',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: false,
      columns: [],
      schema: kindSchema({
        description: 'Who, besides those known to the server, may authenticate in workspaces of a type.',
        spec: struct({ jwt }, 'The issuers.', { required: ['jwt'] }),
        required: ['metadata', 'spec'],
      }),
    },
  ],
};
