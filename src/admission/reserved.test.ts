import { describe, expect, it } from 'vitest';
import type { LogicalCluster } from '../base/mod.ts';
import { CRD_GROUP, CRD_RESOURCE } from '../definitions/mod.ts';
import { objectWith, requestOf, verdictOf } from './request.suite.ts';
import { reservedCrdAnnotations, reservedCrdGroups } from './reserved-crds.ts';
import { reservedMetadata } from './reserved-metadata.ts';
import { reservedNames } from './reserved-names.ts';

const CRD = [CRD_GROUP, CRD_RESOURCE] as const;

describe("kcp's own groups", () => {
  const crdIn = (group: string, cluster = 'here') =>
    requestOf({
      kind: CRD,
      name: `things.${group}`,
      cluster: cluster as LogicalCluster,
      object: objectWith({}, { spec: { group } }),
    });

  it.each(['apis.kcp.io', 'more.apis.kcp.io', 'notapis.kcp.io'])('take no definitions: %s', async (group) => {
    expect(await verdictOf(reservedCrdGroups, crdIn(group))).toBe(
      `403 customresourcedefinitions.apiextensions.k8s.io "things.${group}" is forbidden: ${group} is a reserved group`,
    );
  });

  it('are defined by the system, and other groups by everybody', async () => {
    expect(await verdictOf(reservedCrdGroups, crdIn('apis.kcp.io', 'system:system-crds'))).toBeUndefined();
    expect(await verdictOf(reservedCrdGroups, crdIn('kcp.io'))).toBeUndefined();
    expect(await verdictOf(reservedCrdGroups, crdIn('apis.kcp.io.example.com'))).toBeUndefined();
  });
});

describe("kcp's annotations of definitions", () => {
  const annotated = (keys: readonly string[], cluster = 'here') =>
    requestOf({
      kind: CRD,
      cluster: cluster as LogicalCluster,
      object: objectWith({ annotations: Object.fromEntries(keys.map((key) => [key, ''])) }),
    });

  it('are for the server alone', async () => {
    const refused = '403 customresourcedefinitions.apiextensions.k8s.io "one" is forbidden: ';
    expect(await verdictOf(reservedCrdAnnotations, annotated(['apis.kcp.io/bound-crd', 'a/b']))).toBe(
      `${refused}apis.kcp.io/bound-crd is a reserved annotation`,
    );
    expect(await verdictOf(reservedCrdAnnotations, annotated(['x.apis.kcp.io/b', 'apis.kcp.io/a']))).toBe(
      `${refused}[apis.kcp.io/a is a reserved annotation, x.apis.kcp.io/b is a reserved annotation]`,
    );
  });

  it('are let through where bound definitions are, and nothing else is kept back', async () => {
    const bound = annotated(['apis.kcp.io/bound-crd'], 'system:bound-crds');
    expect(await verdictOf(reservedCrdAnnotations, bound)).toBeUndefined();
    expect(
      await verdictOf(reservedCrdAnnotations, annotated(['notapis.kcp.io/a', 'kcp.io/b'])),
    ).toBeUndefined();
  });
});

describe('reserved names', () => {
  const account = ['', 'serviceaccounts'] as const;

  it('are not given to service accounts', async () => {
    expect(await verdictOf(reservedNames, requestOf({ kind: account, name: 'kcp-rest' }))).toBe(
      '403 serviceaccounts "kcp-rest" is forbidden: metadata.name: Invalid value: "kcp-rest": name is reserved',
    );
    expect(await verdictOf(reservedNames, requestOf({ kind: account, name: 'kcp-rest-2' }))).toBeUndefined();
  });

  it('mean nothing for other kinds, or below an object', async () => {
    expect(await verdictOf(reservedNames, requestOf({ name: 'kcp-rest' }))).toBeUndefined();
    const token = requestOf({ kind: account, name: 'kcp-rest', subresource: 'token' });
    expect(await verdictOf(reservedNames, token)).toBeUndefined();
  });
});

describe("labels and annotations of kcp's domain", () => {
  it.each([
    ['annotation', 'annotations', 'internal.tenancy.kcp.io/type', 'system-reserved'],
    ['annotation', 'annotations', 'kcp.io/any', 'system-reserved'],
    ['annotation', 'annotations', 'core.kcp.io/max-total-objects', 'admin-reserved'],
    ['label', 'labels', 'tenancy.kcp.io/phase', 'system-reserved'],
  ])('cannot be set, changed or taken away by a user: %s', async (what, field, key, tier) => {
    const [none, one, two] = [{}, { [field]: { [key]: '1' } }, { [field]: { [key]: '2' } }].map((metadata) =>
      objectWith(metadata),
    );
    const refused = `403 configmaps "one" is forbidden: modification of ${tier} ${what}: "${key}"`;
    const update = { operation: 'UPDATE' as const };
    for (const [oldObject, object] of [
      [none, one],
      [one, two],
      [two, none],
    ]) {
      expect(await verdictOf(reservedMetadata, requestOf({ ...update, object, oldObject }))).toBe(refused);
    }
    expect(await verdictOf(reservedMetadata, requestOf({ object: one }))).toBe(refused);
    expect(
      await verdictOf(reservedMetadata, requestOf({ ...update, object: one, oldObject: one })),
    ).toBeUndefined();
  });

  it.each([
    ['annotations', 'experimental.quota.kcp.io/cluster-scoped'],
    ['annotations', 'extra.apis.kcp.io/team'],
    ['annotations', 'example.com/kcp.io'],
    ['annotations', 'notkcp.io/x'],
    ['labels', 'claimed.internal.apis.kcp.io/0123'],
  ])('are left to users where they are meant for them: %s %s', async (field, key) => {
    const object = objectWith({ [field]: { [key]: '1' } });
    expect(await verdictOf(reservedMetadata, requestOf({ object }))).toBeUndefined();
  });

  it('are changed by the control plane, and partly by administrators', async () => {
    const as = (group: string, key: string) =>
      verdictOf(
        reservedMetadata,
        requestOf({
          user: { name: 'bob', uid: '', groups: [group], extra: {} },
          object: objectWith({ annotations: { [key]: '1' } }),
        }),
      );
    expect(await as('system:masters', 'kcp.io/any')).toBeUndefined();
    expect(await as('system:kcp:logical-cluster-admin', 'kcp.io/any')).toBeUndefined();
    expect(await as('system:kcp:admin', 'core.kcp.io/max-total-objects')).toBeUndefined();
    expect(await as('system:kcp:admin', 'kcp.io/any')).toMatch(/^403 /);
  });
});
