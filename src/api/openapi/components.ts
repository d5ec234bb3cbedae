import { assert } from '../../base/mod.ts';
import { components as builtinComponents } from '../../definitions/mod.ts';
import { type JsonObject, newObject, objectOf } from '../../machinery/mod.ts';
import type { ServedDefinition } from '../discovery-groups.ts';
import { commonComponentKinds, commonComponents } from './common-components.ts';
import {
  builtinComponent,
  componentOfForeignKind,
  componentOfKind,
  componentOfList,
  DELETE_OPTIONS,
  V2_PREFIX,
  V3_PREFIX,
  WATCH_EVENT,
} from './component-names.ts';
import {
  customResourceListSchema,
  customResourceSchema,
  type OpenApiVersion,
} from './custom-resource-schema.ts';
import { type GroupVersionKind, kindObject, type Operation } from './operation.ts';
import { childSchemas, mapChildSchemas } from './schema-walk.ts';
import { toV2Schema } from './v2-schema.ts';

/**
 * The components that a document needs: those its operations name, the kinds themselves, and whatever
 * these refer to, so that every `$ref` of the document leads somewhere. Keys are component names.
 */
export function collectComponents(options: {
  readonly operations: readonly Operation[];
  readonly served: readonly ServedDefinition[];
  readonly target: OpenApiVersion;
}): JsonObject {
  const { operations, served, target } = options;
  const source = componentSource(served, target);
  const collected = newObject();
  const pending = new Set<string>(served.flatMap(ownComponents));
  for (const operation of operations) for (const name of operationComponents(operation)) pending.add(name);
  // A set grows while it is iterated, and visits each name once.
  for (const name of pending) {
    const component = source(name);
    collected[name] = component;
    for (const next of referencedNames(component)) pending.add(next);
  }
  return collected;
}

function ownComponents({ definition, version }: ServedDefinition): string[] {
  const names = [componentOfKind(definition, version.name)];
  if (definition.verbs.includes('list')) names.push(componentOfList(definition, version.name));
  if (definition.verbs.includes('watch')) names.push(WATCH_EVENT);
  return names;
}

function operationComponents(operation: Operation): string[] {
  const bodies = operation.body === undefined ? [] : [operation.body.component];
  return [...bodies, ...operation.responses.flatMap((response) => response.component ?? [])];
}

/** Looks components up by name: built-in kinds, then those that belong to no kind, then user-defined kinds. */
function componentSource(
  served: readonly ServedDefinition[],
  target: OpenApiVersion,
): (name: string) => JsonObject {
  const custom = new Map<string, () => JsonObject>();
  for (const entry of served) {
    const { definition, version } = entry;
    if (builtinComponent(definition, version.name) !== undefined) continue;
    custom.set(componentOfKind(definition, version.name), () => customResourceSchema(entry, target));
    custom.set(componentOfList(definition, version.name), () => customResourceListSchema(entry, target));
  }
  const kinds = kindsOfComponents(served);
  return (name) => {
    // Built-in names come first: a user-defined group could be chosen so that its kinds are named like them.
    const known = lookUp(builtinComponents, name) ?? lookUp(commonComponents, name);
    if (known === undefined) {
      const made = custom.get(name)?.();
      assert(made !== undefined, `OpenAPI component ${name} does not exist`);
      return made;
    }
    const schema = known as JsonObject;
    const component = target === 'v2' ? toV2Schema(schema) : toV3Schema(schema);
    const componentKinds = kinds.get(name);
    if (componentKinds !== undefined) {
      component['x-kubernetes-group-version-kind'] = componentKinds.map(kindObject);
    }
    return component;
  };
}

/** The kinds that the built-in components stand for. Options and watch events belong to every group and version. */
function kindsOfComponents(served: readonly ServedDefinition[]): Map<string, GroupVersionKind[]> {
  const kinds = new Map<string, GroupVersionKind[]>();
  const groupVersions = new Map<string, { readonly group: string; readonly version: string }>();
  groupVersions.set('/v1', { group: '', version: 'v1' });
  for (const [name, kind] of Object.entries(commonComponentKinds)) kinds.set(name, [kind]);
  for (const { definition, version } of served) {
    const groupVersion = { group: definition.group, version: version.name };
    groupVersions.set(`${definition.group}/${version.name}`, groupVersion);
    for (const { kind } of version.subresources) {
      if (kind !== undefined) kinds.set(componentOfForeignKind(kind), [kind]);
    }
    const component = builtinComponent(definition, version.name);
    if (component === undefined) continue;
    kinds.set(component, [{ ...groupVersion, kind: definition.names.kind }]);
    kinds.set(`${component}List`, [{ ...groupVersion, kind: definition.names.listKind }]);
  }
  const everywhere = [...groupVersions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  kinds.set(
    DELETE_OPTIONS,
    everywhere.map((groupVersion) => ({ ...groupVersion, kind: 'DeleteOptions' })),
  );
  kinds.set(
    WATCH_EVENT,
    everywhere.map((groupVersion) => ({ ...groupVersion, kind: 'WatchEvent' })),
  );
  return kinds;
}

/** A copy in which no `$ref` has anything beside it: OpenAPI 3.0 would ignore that. */
function toV3Schema(schema: JsonObject): JsonObject {
  const copy = mapChildSchemas(schema, toV3Schema);
  const $ref = copy['$ref'];
  if ($ref === undefined || Object.keys(copy).length === 1) return copy;
  delete copy['$ref'];
  copy['allOf'] = [objectOf({ $ref })];
  return copy;
}

function referencedNames(component: JsonObject): string[] {
  const names: string[] = [];
  const pending: JsonObject[] = [component];
  for (let schema = pending.pop(); schema !== undefined; schema = pending.pop()) {
    const reference = schema['$ref'];
    if (typeof reference === 'string') names.push(componentName(reference));
    pending.push(...childSchemas(schema));
  }
  return names;
}

function componentName(reference: string): string {
  for (const prefix of [V2_PREFIX, V3_PREFIX]) {
    if (reference.startsWith(prefix)) return reference.slice(prefix.length);
  }
  return reference;
}

function lookUp<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
