import type { FunctionDeclaration } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import { boolType, CelType, stringType } from '../types.ts';
import { methodOf } from './signatures.ts';

/**
 * Kubernetes' functions on an authorizer. No rule of a CRD can have one, so that none of them is ever called; they
 * are declared because the messages about calls that fit no overload differ from those about unknown functions.
 */
export const authorizerFunctions: readonly FunctionDeclaration[] = [
  declare('path', { id: 'authorizer_path', receiver: 'Authorizer', result: type('PathCheck') }),
  declare('check', { id: 'pathcheck_check', receiver: 'PathCheck', result: type('Decision') }),
  declare('group', { id: 'authorizer_group', receiver: 'Authorizer', result: type('GroupCheck') }),
  declare('serviceAccount', {
    id: 'authorizer_serviceaccount',
    receiver: 'Authorizer',
    result: type('Authorizer'),
    textCount: 2,
  }),
  declare('resource', { id: 'groupcheck_resource', receiver: 'GroupCheck', result: type('ResourceCheck') }),
  ...(['subresource', 'namespace', 'name'] as const).map((name) =>
    declare(name, { id: `resourcecheck_${name}`, receiver: 'ResourceCheck', result: type('ResourceCheck') }),
  ),
  ...(['fieldSelector', 'labelSelector'] as const).map((name) =>
    declare(name, {
      id: `authorizer_${name.toLowerCase()}`,
      receiver: 'ResourceCheck',
      result: type('ResourceCheck'),
    }),
  ),
  declare('check', { id: 'resourcecheck_check', receiver: 'ResourceCheck', result: type('Decision') }),
  ...(['errored', 'allowed'] as const).map((name) =>
    declare(name, { id: `decision_${name}`, receiver: 'Decision', result: boolType, textCount: 0 }),
  ),
  ...(['error', 'reason'] as const).map((name) =>
    declare(name, { id: `decision_${name}`, receiver: 'Decision', result: stringType, textCount: 0 }),
  ),
];

function type(name: string): CelType {
  return new CelType({ kind: 'object', name: `kubernetes.authorization.${name}` });
}

function declare(
  name: string,
  options: {
    readonly id: string;
    readonly receiver: string;
    readonly result: CelType;
    /** How many texts it takes as arguments; one unless said. */
    readonly textCount?: number;
  },
): FunctionDeclaration {
  const texts = new Array<CelType>(options.textCount ?? 1).fill(stringType);
  const signature = methodOf([type(options.receiver), ...texts], options.result);
  return { name, overloads: [{ id: options.id, ...signature, evaluate: () => noSuchOverload }] };
}
