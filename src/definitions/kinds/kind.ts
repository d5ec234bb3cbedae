import { createHash } from 'node:crypto';
import type { FieldError, JsonObject, KubeObject, Schema } from '../../machinery/mod.ts';
import { deepCopy } from '../../machinery/mod.ts';
import { builtinPrinter } from '../builtin-printers.ts';
import type { Definition, Strategy, StrategyContext, Subresource, Verb } from '../definition.ts';
import type { Components } from './fields.ts';
import { normalizeBuiltin } from './normalize.ts';

/** A built-in kind. Its schema is published under a component name, and it has defaults of its own. */
export interface BuiltinDefinition extends Definition {
  /** Component name by version. */
  readonly components: Readonly<Record<string, string>>;
  /**
   * What Go's typed round trip does to an object of this version that passed the decode checks:
   * canonical times, quantities and base64, zero values left out or filled in, and the kind's defaults
   * (roleRef.apiGroup, Secret type and stringData, the namespace label …). In place; idempotent.
   */
  decode(object: KubeObject, version: string): void;
  /** From a served version to the stored form, for the kind that is stored as another one. */
  readonly toStorage?: (object: KubeObject) => KubeObject;
}

/** One kind as data and rules, from which {@link defineBuiltin} makes the definition. */
export interface KindSource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly component: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs?: readonly Verb[];
  readonly subresources?: readonly Subresource[];
  readonly storedAs?: { readonly group: string; readonly resource: string };
  readonly announcedStorageVersion?: string;
  readonly isVirtual?: boolean;
  readonly strategy: Strategy;
  readonly setDefaults?: (object: KubeObject) => void;
  readonly convert?: (object: KubeObject, toVersion: string) => KubeObject;
  readonly toStorage?: (object: KubeObject) => KubeObject;
  readonly fieldLabels?: readonly string[];
  readonly selectable?: (object: KubeObject) => Readonly<Record<string, string>>;
}

export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

export const STATUS_SUBRESOURCE: Subresource = { name: 'status', verbs: ['get', 'patch', 'update'] };

/** Makes the definition of a kind. Schemas are linked and hashed when they are first asked for. */
export function defineBuiltin(
  source: KindSource,
  options: { readonly components: Components; readonly resolve: (name: string) => Schema },
): BuiltinDefinition {
  const { group, version, kind, plural, component, scope, strategy } = source;
  const names = {
    plural,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    shortNames: source.shortNames ?? [],
    categories: source.categories ?? [],
  };
  const verbs = source.verbs ?? ALL_VERBS;
  const subresources = source.subresources ?? [];
  const fieldLabels = source.fieldLabels ?? [];
  const identity = { group, version, names, scope, verbs, subresources, fieldLabels };
  let hash: string | undefined;
  return {
    origin: 'builtin',
    group,
    names,
    scope,
    versions: [
      {
        name: version,
        served: true,
        get schema() {
          return options.resolve(component);
        },
        subresources,
        printerColumns: [],
        selectableFields: [],
      },
    ],
    storageVersion: version,
    verbs,
    ...(source.storedAs === undefined ? {} : { storedAs: source.storedAs }),
    ...(source.announcedStorageVersion === undefined
      ? {}
      : { announcedStorageVersion: source.announcedStorageVersion }),
    ...(source.isVirtual === undefined ? {} : { isVirtual: source.isVirtual }),
    get hash() {
      hash ??= digest({
        ...identity,
        schemas: reachableComponents(component, options.components),
      });
      return hash;
    },
    strategy,
    ...(source.convert === undefined ? {} : { convert: source.convert }),
    ...(source.toStorage === undefined ? {} : { toStorage: source.toStorage }),
    components: { [version]: component },
    decode(object) {
      normalizeBuiltin(object, options.resolve(component));
      source.setDefaults?.(object);
    },
    selectable: source.selectable ?? (() => ({})),
    fieldLabels: () => fieldLabels,
    printer: () => builtinPrinter(group, kind),
  };
}

/** What a kind's rules are made of; what is left out does nothing, and updates are checked as creations are. */
export interface StrategySource {
  readonly validateName: Strategy['validateName'];
  readonly hasGeneration?: boolean;
  readonly allowsUnconditionalUpdate?: boolean;
  readonly allowsCreateOnUpdate?: boolean;
  /** By subresource; an endpoint that is not named writes everything. */
  readonly resetFields?: Readonly<Record<string, readonly string[]>>;
  readonly setDefaults?: (object: KubeObject) => void;
  readonly prepareForCreate?: (object: KubeObject, context: StrategyContext) => void;
  readonly prepareForUpdate?: (object: KubeObject, old: KubeObject, context: StrategyContext) => void;
  readonly validate?: (object: KubeObject, context: StrategyContext) => FieldError[];
  readonly validateCreate?: (object: KubeObject, context: StrategyContext) => FieldError[];
  readonly validateUpdate?: (object: KubeObject, old: KubeObject, context: StrategyContext) => FieldError[];
  readonly warnings?: (object: KubeObject, old: KubeObject | undefined) => string[];
}

/** Makes a strategy. Defaults are set before every preparation, so that no path can miss them. */
export function strategyOf(source: StrategySource): Strategy {
  const validate = source.validate ?? (() => []);
  return {
    hasGeneration: source.hasGeneration ?? false,
    allowsUnconditionalUpdate: source.allowsUnconditionalUpdate ?? true,
    allowsCreateOnUpdate: source.allowsCreateOnUpdate ?? false,
    validateName: source.validateName,
    prepareForCreate(object, context) {
      source.setDefaults?.(object);
      source.prepareForCreate?.(object, context);
    },
    prepareForUpdate(object, old, context) {
      source.setDefaults?.(object);
      source.prepareForUpdate?.(object, old, context);
    },
    validateCreate: source.validateCreate ?? validate,
    resetFields: ({ subresource }) => source.resetFields?.[subresource] ?? [],
    validateUpdate: source.validateUpdate ?? ((object, _old, context) => validate(object, context)),
    ...(source.warnings === undefined ? {} : { warnings: source.warnings }),
  };
}

/** Puts the old value of a field back, or removes the field where there was none. */
export function restoreField(object: JsonObject, old: JsonObject, key: string): void {
  const value = old[key];
  if (value === undefined) delete object[key];
  else object[key] = deepCopy(value);
}

function digest(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex');
}

/** The component and all that it refers to, sorted by name, so that equal data gives equal text. */
function reachableComponents(root: string, components: Components): [string, Schema | undefined][] {
  const found = new Set<string>();
  const pending = [root];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const references = JSON.stringify(components[name]).matchAll(
      /"\$ref":"#\/components\/schemas\/([^"]+)"/g,
    );
    for (const [, target] of references) if (target !== undefined) pending.push(target);
  }
  return [...found].sort().map((name) => [name, components[name]]);
}
