import { describe, expect, it } from 'vitest';
import { chosenPlugins, KNOWN_PLUGINS } from './plugin-names.ts';

/** What runs if nobody says otherwise, as far as it looks at what Kubernetes has. */
const DEFAULT_KUBERNETES = ['NamespaceLifecycle', 'ResourceQuota'];

function isKcp(name: string): boolean {
  return name.includes('/') || name.startsWith('KCP');
}

describe('the choice of admission plugins', () => {
  it('has a default, in the order of Kubernetes and kcp', () => {
    const chosen = chosenPlugins({ enable: [], disable: [] });
    expect(chosen.filter((name) => !isKcp(name))).toEqual(DEFAULT_KUBERNETES);
    const known = KNOWN_PLUGINS.filter(({ is }) => is === 'on').map(({ name }) => name);
    expect(chosen).toEqual(known);
    expect(chosen.filter(isKcp)).toEqual(
      expect.arrayContaining([
        'tenancy.kcp.io/WorkspaceType',
        'tenancy.kcp.io/APIResourceSchema',
        'apis.kcp.io/APIExport',
        'apis.kcp.io/APIBinding',
        'apis.kcp.io/ReservedCRDAnnotations',
        'kcp.io/ReservedCRDGroups',
        'apis.kcp.io/PermissionClaims',
        'kcp.io/PathAnnotation',
      ]),
    );
  });

  it('keeps that order, whatever the order of the flags', () => {
    const enable = ['AlwaysDeny', 'OwnerReferencesPermissionEnforcement', 'NamespaceExists', 'LimitRanger'];
    const chosen = chosenPlugins({ enable, disable: ['apis.kcp.io/ReservedNames'] });
    expect(chosen).not.toContain('apis.kcp.io/ReservedNames');
    expect(chosen.filter((name) => !isKcp(name))).toEqual([
      'NamespaceLifecycle',
      'NamespaceExists',
      'LimitRanger',
      'OwnerReferencesPermissionEnforcement',
      'ResourceQuota',
      'AlwaysDeny',
    ]);
  });

  it("takes kcp's names of what it has from Kubernetes", () => {
    const disable = ['KCPKubeResourceQuota', 'WorkspaceNamespaceLifecycle'];
    expect(chosenPlugins({ enable: [], disable }).filter((name) => !isKcp(name))).toEqual([]);
  });

  it('takes all names for switching off, since what is not there is off', () => {
    const disable = KNOWN_PLUGINS.map(({ name }) => name);
    expect(chosenPlugins({ enable: [], disable })).toEqual([]);
  });

  it.each([
    [
      ['Quota'],
      [],
      /^--enable-admission-plugins names "Quota", which is no admission plugin; .*, ResourceQuota, /,
    ],
    [
      [],
      ['resourcequota'],
      /^--disable-admission-plugins names "resourcequota", which is no admission plugin; /,
    ],
    [['ValidatingAdmissionWebhook'], [], /names ValidatingAdmissionWebhook, which is not done yet/],
    [['KCPKubeResourceQuota'], ['ResourceQuota'], /both name ResourceQuota: leave it out of one/],
  ])('refuses %j and %j with words that help', (enable, disable, message) => {
    expect(() => chosenPlugins({ enable, disable })).toThrow(message);
  });

  it('knows every plugin once', () => {
    const names = KNOWN_PLUGINS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.at(-1)).toBe('AlwaysDeny');
    expect(names.indexOf('ResourceQuota')).toBeGreaterThan(names.indexOf('ValidatingAdmissionWebhook'));
    expect(names.indexOf('kcp.io/ReservedCRDGroups')).toBeLessThan(names.indexOf('MutatingAdmissionWebhook'));
  });
});
