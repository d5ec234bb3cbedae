import { describe, expect, it } from 'vitest';
import { objectAt, textAt } from '../../../machinery/mod.ts';
import { aggregatedRules, hasRules } from '../aggregated-rules.suite.ts';
import { covers } from '../covers.ts';
import { Policy, type RbacState } from '../policy.ts';
import { rulesOf } from '../policy-rule.ts';
import { kcpRbacDefaults } from './kcp.ts';
import { kubernetesRbacDefaults } from './kubernetes.ts';
import { rootRbacDefaults } from './root.ts';

const kubernetes = kubernetesRbacDefaults();
const kcp = kcpRbacDefaults();
const nameOf = (object: (typeof kubernetes.clusterRoles)[number]) =>
  textAt(objectAt(object, 'metadata'), 'name');

describe('the default roles', () => {
  it('stand in the order of their names, so that what is derived from a position stays', () => {
    for (const list of [...Object.values(kubernetes), ...Object.values(kcp)]) {
      const names = list.map(nameOf);
      expect(names).toEqual([...names].sort());
      expect(new Set(names).size).toBe(names.length);
    }
    expect(kubernetes.clusterRoles.map(nameOf)).toMatchInlineSnapshot(`
      [
        "admin",
        "cluster-admin",
        "edit",
        "system:aggregate-to-admin",
        "system:aggregate-to-edit",
        "system:aggregate-to-view",
        "system:auth-delegator",
        "system:basic-user",
        "system:discovery",
        "system:monitoring",
        "system:public-info-viewer",
        "system:service-account-issuer-discovery",
        "view",
      ]
    `);
  });

  it('carry the label and the annotation by which Kubernetes knows its defaults', () => {
    for (const object of [
      ...kubernetes.clusterRoles,
      ...kubernetes.clusterRoleBindings,
      ...kubernetes.roles,
    ]) {
      const metadata = objectAt(object, 'metadata');
      expect(objectAt(metadata, 'labels')).toMatchObject({ 'kubernetes.io/bootstrapping': 'rbac-defaults' });
      expect(objectAt(metadata, 'annotations')).toEqual({
        'rbac.authorization.kubernetes.io/autoupdate': 'true',
      });
    }
  });

  it('have already gathered what aggregation would give them', () => {
    const aggregated = kubernetes.clusterRoles.flatMap((role) => {
      const rules = aggregatedRules(role, kubernetes.clusterRoles);
      if (rules === undefined) return [];
      expect(hasRules(role, rules)).toBe(true);
      expect(rules.length).toBeGreaterThan(10);
      return [nameOf(role)];
    });
    expect(aggregated).toEqual(['admin', 'edit', 'view']);
  });

  it('let nobody read secrets by view, nor write roles by edit', () => {
    const rules = (name: string) => rulesOf(kubernetes.clusterRoles.find((role) => nameOf(role) === name)!);
    const rule = { apiGroups: [''], resourceNames: [], nonResourceURLs: [] };
    const secrets = { ...rule, verbs: ['get'], resources: ['secrets'] };
    const roles = {
      ...rule,
      apiGroups: ['rbac.authorization.k8s.io'],
      verbs: ['create'],
      resources: ['roles'],
    };
    expect(['view', 'edit', 'admin'].map((name) => covers(rules(name), [secrets]))).toEqual([
      false,
      true,
      true,
    ]);
    expect(['view', 'edit', 'admin'].map((name) => covers(rules(name), [roles]))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('are bound to the groups of Kubernetes, and every binding names a role that exists', () => {
    const clusterRoles = [...kubernetes.clusterRoles, ...kcp.clusterRoles];
    const state: RbacState = {
      namespace: '',
      clusterRoleBindings: [...kubernetes.clusterRoleBindings, ...kcp.clusterRoleBindings],
      roleBindings: [],
      clusterRole: (name) => clusterRoles.find((role) => nameOf(role) === name),
      role: () => undefined,
    };
    const policy = new Policy(state);
    const reached = (...groups: string[]) => {
      const user = { name: 'x', uid: '', groups, extra: {} };
      const { rules, problems } = policy.held(policy.matchedSubjects(user));
      expect(problems).toEqual([]);
      return rules.length;
    };
    expect(reached()).toBe(0);
    expect(reached('system:authenticated')).toBe(4);
    expect(reached('system:unauthenticated')).toBe(1);
    for (const group of ['system:masters', 'system:kcp:admin', 'system:kcp:tenancy:workspace-bootstrapper']) {
      expect(reached(group)).toBe(2);
    }
    for (const group of ['system:kcp:logical-cluster-admin', 'system:kcp:external-logical-cluster-admin']) {
      expect(reached(group)).toBeGreaterThan(1);
    }
  });

  it('let everybody who has logged in enter the root and use what workspaces are made of, and nobody else', () => {
    const root = rootRbacDefaults();
    const clusterRoles = [...root.clusterRoles, ...kcp.clusterRoles];
    const policy = new Policy({
      namespace: '',
      clusterRoleBindings: root.clusterRoleBindings,
      roleBindings: [],
      clusterRole: (name) => clusterRoles.find((role) => nameOf(role) === name),
      role: () => undefined,
    });
    const verbs = (group: string) => {
      const user = { name: 'x', uid: '', groups: [group], extra: {} };
      const { rules, problems } = policy.held(policy.matchedSubjects(user));
      expect(problems).toEqual([]);
      return rules.flatMap(({ rule }) => rule.verbs);
    };
    expect(verbs('system:unauthenticated')).toEqual([]);
    expect(new Set(verbs('system:authenticated'))).toEqual(
      new Set(['access', 'bind', 'create', 'get', 'list', 'use', 'watch']),
    );
    expect(verbs('apis.kcp.io:binding:system:kcp:admin')).toEqual(['*']);
    for (const list of [root.clusterRoles, root.clusterRoleBindings]) {
      expect(list.map(nameOf)).toEqual(list.map(nameOf).sort());
    }
  });
});
