import { type LogicalCluster, type Pause, ROOT_CLUSTER } from '../base/mod.ts';
import {
  applyTypeOf,
  type Definition,
  type DefinitionVersion,
  normalizeBuiltin,
} from '../definitions/mod.ts';
import {
  type AppliedConfiguration,
  applyOwned,
  excludeFields,
  FieldSet,
  type FieldWriter,
  fieldElement,
  type KubeObject,
  newObject,
  type OwnershipRules,
  objectOf,
  trackUpdate,
  typedConfiguration,
} from '../machinery/mod.ts';
import type { Api } from './api.ts';
import { objectInVersion } from './conversion.ts';
import { tidyMetadata } from './row-codec.ts';
import { apiVersionOf } from './target.ts';

/** A kind in one of its versions, at one of its endpoints. */
export interface Endpoint {
  readonly definition: Definition;
  readonly version: DefinitionVersion;
  readonly subresource: string;
  /** Whose objects they are. Only webhooks are asked in somebody's name, and built-in kinds have none. */
  readonly target?: { readonly cluster: LogicalCluster };
}

/** Notes in the managed fields of an object what this write gives to and takes from whom. In place. */
export function noteOwnership(
  api: Api,
  endpoint: Endpoint,
  change: {
    readonly live: KubeObject | undefined;
    readonly object: KubeObject;
    readonly writer: FieldWriter;
    readonly pause?: Pause;
  },
): Promise<void> {
  // What only reads show must not come to be owned by who sends it back.
  tidyMetadata(change.object.metadata);
  return trackUpdate(ownershipRules(api, endpoint, change.pause), change);
}

/** The live object with a configuration applied, and the managed fields that follow; without defaults. */
export function applyConfiguration(
  api: Api,
  endpoint: Endpoint,
  change: AppliedConfiguration & { readonly pause?: Pause },
): Promise<KubeObject> {
  return applyOwned(ownershipRules(api, endpoint, change.pause), change);
}

/** Throws a 500, as upstream, for a configuration that is not of the kind's type. */
export function assertTypedConfiguration(api: Api, endpoint: Endpoint, config: KubeObject): void {
  typedConfiguration(ownershipRules(api, endpoint), config);
}

function ownershipRules(api: Api, endpoint: Endpoint, pause?: Pause): OwnershipRules {
  const { definition, version, subresource, target: place } = endpoint;
  const apiVersion = apiVersionOf(definition.group, version.name);
  const reset = definition.strategy.resetFields({ subresource, version: version.name });
  return {
    apiVersion,
    subresource,
    filter:
      reset.length === 0
        ? undefined
        : excludeFields(FieldSet.of(...reset.map((name) => [fieldElement(name)]))),
    get empty() {
      return emptyObject(definition, version);
    },
    knowsEmptyLists: definition.origin === 'builtin',
    ...(pause && { pause }),
    // Versions of a group that is not of the family are unknown here, as to upstream: the two kinds of events forget
    // each other's.
    typeOf(wanted) {
      const relative = definition.family?.versionOf(wanted);
      if (relative !== undefined) return applyTypeOf(definition, relative);
      const found = definition.versions.find(({ name }) => apiVersionOf(definition.group, name) === wanted);
      return found === undefined ? undefined : applyTypeOf(definition, found);
    },
    convert(object, wanted) {
      if (object.apiVersion === wanted) return object;
      if (definition.family !== undefined) return definition.family.convert(object, wanted);
      const name = wanted.slice(wanted.lastIndexOf('/') + 1);
      const target = { cluster: place?.cluster ?? ROOT_CLUSTER, definition, version: name };
      return objectInVersion(api, target, object);
    },
  };
}

/** An object of which nothing is set: of a built-in kind it shows what Go prints of an empty struct. */
function emptyObject(definition: Definition, version: DefinitionVersion): KubeObject {
  const object = objectOf({
    apiVersion: apiVersionOf(definition.group, version.name),
    kind: definition.names.kind,
    metadata: newObject(),
  }) as KubeObject;
  if (definition.origin === 'crd') return object;
  const known = emptyBuiltins.get(definition);
  if (known !== undefined) return known;
  normalizeBuiltin(object, version.schema);
  emptyBuiltins.set(definition, object);
  return object;
}

/** Built-in kinds have one version each. */
const emptyBuiltins = new WeakMap<Definition, KubeObject>();
