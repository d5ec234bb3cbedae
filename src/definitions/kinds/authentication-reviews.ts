import {
  type Components,
  flag,
  int64,
  kindStruct,
  map,
  nested,
  optional,
  struct,
  text,
  texts,
  time,
} from './fields.ts';
import { type KindSource, strategyOf } from './kind.ts';

const AUTHENTICATION = 'io.k8s.api.authentication.v1';

const atomic = { listType: 'atomic' } as const;

export const authenticationReviewComponents: Components = {
  [`${AUTHENTICATION}.TokenReview`]: kindStruct(
    'Asks whom a token belongs to.',
    {
      spec: nested(`${AUTHENTICATION}.TokenReviewSpec`, 'The question.'),
      status: nested(`${AUTHENTICATION}.TokenReviewStatus`, 'The answer. Set by the server.'),
    },
    { required: ['spec'] },
  ),
  [`${AUTHENTICATION}.TokenReviewSpec`]: struct('A token to review.', {
    audiences: texts('Audiences of the asker, of which the token must be for one.', atomic),
    token: text('The token.'),
  }),
  [`${AUTHENTICATION}.TokenReviewStatus`]: struct('Whom a token belongs to.', {
    audiences: texts('The audiences of both the asker and the token.', atomic),
    authenticated: flag('True if the token is valid.'),
    error: text('Why the token is not valid.'),
    user: nested(`${AUTHENTICATION}.UserInfo`, 'The owner of the token.'),
  }),
  [`${AUTHENTICATION}.UserInfo`]: struct('A user.', {
    extra: map({ type: 'array', items: { type: 'string', default: '' } }, 'Other attributes of the user.'),
    groups: texts('Groups of the user.', atomic),
    uid: text('UID of the user.'),
    username: text('Name of the user.'),
  }),
  [`${AUTHENTICATION}.SelfSubjectReview`]: kindStruct('Asks who the caller is.', {
    status: nested(`${AUTHENTICATION}.SelfSubjectReviewStatus`, 'The answer. Set by the server.'),
  }),
  [`${AUTHENTICATION}.SelfSubjectReviewStatus`]: struct('Who the caller is.', {
    userInfo: nested(`${AUTHENTICATION}.UserInfo`, 'The caller.'),
  }),
  [`${AUTHENTICATION}.TokenRequest`]: kindStruct(
    'Asks for a token of a service account.',
    {
      spec: nested(`${AUTHENTICATION}.TokenRequestSpec`, 'What the token is for.'),
      status: nested(`${AUTHENTICATION}.TokenRequestStatus`, 'The token. Set by the server.'),
    },
    { required: ['spec'] },
  ),
  [`${AUTHENTICATION}.TokenRequestSpec`]: struct(
    'What a token is for.',
    {
      audiences: texts('Who may accept the token; the server itself by default.', {
        presence: 'print',
        listType: 'atomic',
      }),
      boundObjectRef: optional(
        `${AUTHENTICATION}.BoundObjectReference`,
        'The token is valid only while this exists.',
      ),
      expirationSeconds: int64('Seconds until the token expires; at least 600. 3600 by default.', {
        presence: 'keep',
      }),
    },
    { required: ['audiences'] },
  ),
  [`${AUTHENTICATION}.TokenRequestStatus`]: struct(
    'A token.',
    {
      expirationTimestamp: time('When the token expires.'),
      token: text('The token.', { presence: 'print' }),
    },
    { required: ['token', 'expirationTimestamp'] },
  ),
  [`${AUTHENTICATION}.BoundObjectReference`]: struct('The object that a token is bound to.', {
    apiVersion: text('Group and version of the object.'),
    kind: text('Secret, Pod or Node.'),
    name: text('Name of the object.'),
    uid: text('UID of the object.'),
  }),
};

/** The kinds by which clients ask who somebody is. They are answered, never stored. */
export const authenticationReviews: readonly KindSource[] = [
  review('TokenReview', 'tokenreviews'),
  review('SelfSubjectReview', 'selfsubjectreviews'),
];

function review(kind: string, plural: string): KindSource {
  return {
    group: 'authentication.k8s.io',
    version: 'v1',
    kind,
    plural,
    component: `${AUTHENTICATION}.${kind}`,
    scope: 'Cluster',
    verbs: ['create'],
    isVirtual: true,
    strategy: strategyOf({ validateName: () => [] }),
  };
}
