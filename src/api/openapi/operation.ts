import { type JsonObject, objectOf } from '../../machinery/mod.ts';
import type { QueryParameter } from './query-parameters.ts';

export type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';

/** What `x-kubernetes-action` says of an operation. */
export type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A component by name as the schema of a body; the same in both versions of OpenAPI. */
export interface OperationBody {
  readonly component: string;
  readonly mediaTypes: readonly string[];
  readonly isRequired: boolean;
}

export interface OperationResponse {
  readonly code: number;
  readonly description: string;
  /** Absent for answers without a Kubernetes body. */
  readonly component?: string;
}

/** One method of one path, in a form that OpenAPI v2 and v3 documents are both written from. */
export interface Operation {
  readonly path: string;
  readonly method: Method;
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  readonly action?: Action;
  readonly kind?: GroupVersionKind;
  readonly queryParameters: readonly QueryParameter[];
  readonly body?: OperationBody;
  readonly responses: readonly OperationResponse[];
  /** Media types of the answers. */
  readonly produces: readonly string[];
}

export const JSON_TYPE = 'application/json';
export const YAML_TYPE = 'application/yaml';
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** The names in braces of a path template, in order. */
export function pathParameterNames(path: string): string[] {
  return [...path.matchAll(/\{([a-z]+)\}/g)].map((match) => match[1]!);
}

/** What to say of a path parameter. */
export function pathParameterDescription(name: string): string {
  return name === 'namespace' ? 'Namespace of the objects.' : 'Name of the object.';
}

/**
 * The operationId of upstream's scheme: the verb, the group and version in camel case, then the rest,
 * as in `listRbacAuthorizationV1NamespacedRole`. Client generators make their method names from it.
 */
export function operationId(
  verb: string,
  groupVersion: { readonly group: string; readonly version?: string },
  rest: string,
): string {
  const version = groupVersion.version ?? '';
  return verb + capitalized(tagWord(groupVersion.group)) + capitalized(identifier(version)) + rest;
}

/** The tag of a group and version, as in `rbacAuthorization_v1`. */
export function operationTag(group: string, version?: string): string {
  return version === undefined ? tagWord(group) : `${tagWord(group)}_${identifier(version)}`;
}

/** Writes a group, version and kind as extensions carry it. */
export function kindObject(kind: GroupVersionKind): JsonObject {
  return objectOf({ group: kind.group, kind: kind.kind, version: kind.version });
}

function tagWord(group: string): string {
  return group === '' ? 'core' : identifier(group.replace(/\.k8s\.io$/, ''));
}

/** Joins the alphanumeric parts of a text in camel case; the first letter stays as it is. */
function identifier(text: string): string {
  const [first = '', ...others] = text.split(/[^A-Za-z0-9]+/).filter((part) => part !== '');
  return first + others.map(capitalized).join('');
}

/** The text with its first letter in upper case. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
