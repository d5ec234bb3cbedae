import { describe, expect, it } from 'vitest';
import type { AccessRequest, Authorizer } from '../access/mod.ts';
import { builtinDefinitions } from '../definitions/mod.ts';
import type { AdmissionRequest } from './chain.ts';
import { ownerReferencesPermission } from './owner-references.ts';
import { objectWith, requestOf, verdictOf } from './request.suite.ts';

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'u1' };
const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', name: 'area', uid: 'u2' };
const BLOCKING = { blockOwnerDeletion: true };

describe('the permission to name owners', () => {
  it('is nobody else’s business while owners stay as they are', async () => {
    const owned = objectWith({ ownerReferences: [{ ...CONFIG_MAP, ...BLOCKING }] });
    expect(await ask({ operation: 'UPDATE', object: owned, oldObject: owned })).toEqual([]);
    expect(await ask({ object: objectWith({}) })).toEqual([]);
  });

  it('comes with the creation of an object', async () => {
    expect(await ask({ object: objectWith({ ownerReferences: [CONFIG_MAP] }) })).toEqual([]);
  });

  it('needs the right to delete an object that is there', async () => {
    const change = {
      operation: 'UPDATE' as const,
      subresource: 'status',
      object: objectWith({ ownerReferences: [CONFIG_MAP] }),
      oldObject: objectWith({}),
    };
    expect(await ask(change)).toEqual(['delete .configmaps/status default/one']);
    expect(await ask({ ...change, object: change.oldObject, oldObject: change.object })).toHaveLength(1);
    expect(await verdict(change, async () => no('because'))).toBe(
      `403 configmaps "one" is forbidden: cannot set an ownerRef on a resource you can't delete: because, <nil>`,
    );
  });

  it('needs the right to set finalizers of an owner that is to wait', async () => {
    const object = objectWith({
      ownerReferences: [
        { ...CONFIG_MAP, ...BLOCKING },
        { ...NAMESPACE, ...BLOCKING },
      ],
    });
    expect(await ask({ object })).toEqual([
      'update *.*/finalizers /*',
      'update .configmaps/finalizers default/owner',
      'update .namespaces/finalizers /area',
    ]);
    expect(
      await verdict(
        { object },
        allowing((resource) => resource !== 'namespaces'),
      ),
    ).toBe(undefined);
    const few = allowing((resource) => resource === 'configmaps');
    expect(await verdict({ object }, few)).toBe(
      `403 configmaps "one" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>`,
    );
  });

  it('asks only for owners that did not block before', async () => {
    const oldObject = objectWith({ ownerReferences: [{ ...CONFIG_MAP, ...BLOCKING }, NAMESPACE] });
    const object = objectWith({
      ownerReferences: [
        { ...CONFIG_MAP, ...BLOCKING },
        { ...NAMESPACE, ...BLOCKING },
      ],
    });
    expect(await ask({ operation: 'UPDATE', object, oldObject })).toEqual([
      'delete .configmaps default/one',
      'update *.*/finalizers /*',
      'update .namespaces/finalizers /area',
    ]);
  });

  it.each([
    [
      { apiVersion: 'example.com/v1', kind: 'Thing' },
      'no matches for kind "Thing" in version "example.com/v1"',
    ],
    [{ apiVersion: 'v2', kind: 'ConfigMap' }, 'no matches for kind "ConfigMap" in version "v2"'],
    [{ apiVersion: 'a/b/c', kind: 'Thing' }, 'unexpected GroupVersion string: a/b/c'],
  ])('cannot be given for an owner of no known kind, %j', async (owner, reason) => {
    const object = objectWith({ ownerReferences: [{ name: 'x', uid: 'u', ...owner, ...BLOCKING }] });
    expect(
      await verdict(
        { object },
        allowing((resource) => resource !== '*'),
      ),
    ).toBe(
      `403 configmaps "one" is forbidden: cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}: ${reason}`,
    );
  });
});

/** What the plugin asks the authorizer, which allows everything but to finalize anything. */
async function ask(changes: Partial<AdmissionRequest>): Promise<readonly string[]> {
  const questions: string[] = [];
  const refusal = await verdict(changes, async (request) => {
    questions.push(textOf(request));
    return allowing((resource) => resource !== '*')(request);
  });
  expect(refusal).toBeUndefined();
  return questions;
}

function verdict(changes: Partial<AdmissionRequest>, authorize: Authorizer): Promise<string | undefined> {
  const ground = { authorize, definitionsOf: async () => builtinDefinitions };
  return verdictOf(ownerReferencesPermission(ground), requestOf(changes));
}

function allowing(isAllowed: (resource: string) => boolean): Authorizer {
  return async (request) => ('resource' in request && isAllowed(request.resource) ? yes() : no(''));
}

function textOf(request: AccessRequest): string {
  if ('path' in request) return 'path';
  const { verb, group, resource, subresource, namespace, name } = request;
  return `${verb} ${group}.${resource}${subresource === '' ? '' : `/${subresource}`} ${namespace}/${name}`;
}

function yes(): Awaited<ReturnType<Authorizer>> {
  return { verdict: 'allow', reason: '', reliesOn: [], isOutside: false };
}

function no(reason: string): Awaited<ReturnType<Authorizer>> {
  return { ...yes(), verdict: 'no-opinion', reason };
}
