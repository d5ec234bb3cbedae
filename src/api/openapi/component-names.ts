import type { Definition } from '../../definitions/mod.ts';
import type { GroupVersionKind } from './operation.ts';

/** Components that every document may refer to. */
export const META_PREFIX = 'io.k8s.apimachinery.pkg.apis.meta.v1';
export const OBJECT_META = `${META_PREFIX}.ObjectMeta`;
export const LIST_META = `${META_PREFIX}.ListMeta`;
export const STATUS = `${META_PREFIX}.Status`;
export const DELETE_OPTIONS = `${META_PREFIX}.DeleteOptions`;
export const WATCH_EVENT = `${META_PREFIX}.WatchEvent`;
export const PATCH = `${META_PREFIX}.Patch`;
export const SCALE = 'io.k8s.api.autoscaling.v1.Scale';

export const V3_PREFIX = '#/components/schemas/';
export const V2_PREFIX = '#/definitions/';

/** The component of a kind in one of its versions. */
export function componentOfKind(definition: Definition, version: string): string {
  const builtin = builtinComponent(definition, version);
  return (
    builtin ??
    customResourceComponent({ ...groupAndVersion(definition, version), kind: definition.names.kind })
  );
}

/** The component of the list of a kind. */
export function componentOfList(definition: Definition, version: string): string {
  const builtin = builtinComponent(definition, version);
  if (builtin !== undefined) return `${builtin}List`;
  return customResourceComponent({
    ...groupAndVersion(definition, version),
    kind: definition.names.listKind,
  });
}

/**
 * The component of a kind of upstream's k8s.io/api, as a subresource such as `serviceaccounts/token` has
 * it: the first label of the group names the package.
 */
export function componentOfForeignKind(kind: GroupVersionKind): string {
  const packageName = kind.group === '' ? 'core' : kind.group.split('.')[0]!;
  return `io.k8s.api.${packageName}.${kind.version}.${kind.kind}`;
}

/** The component name of a built-in kind; undefined for kinds that are defined by users. */
export function builtinComponent(definition: Definition, version: string): string | undefined {
  if (definition.origin !== 'builtin' || !('components' in definition)) return undefined;
  const components = definition.components as Readonly<Record<string, string>>;
  return components[version];
}

/** `com.example.v1.Foo` for Foo in example.com/v1, as kube-openapi names types by reversed domain. */
export function customResourceComponent(kind: GroupVersionKind): string {
  return [...kind.group.split('.').reverse(), kind.version, kind.kind].join('.');
}

function groupAndVersion(definition: Definition, version: string): { group: string; version: string } {
  return { group: definition.group, version };
}
