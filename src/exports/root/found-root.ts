import { SYSTEM_USER } from '../../access/mod.ts';
import {
  type Api,
  type Companion,
  companionPut,
  decodeStored,
  isSameKey,
  logicalClusterKey,
  type NewLogicalCluster,
  newLogicalCluster,
  readLogicalCluster,
} from '../../api/mod.ts';
import { assert, type Revision, ROOT_CLUSTER, type ShardName } from '../../base/mod.ts';
import {
  collectionOf,
  type Definition,
  decodeCustomResource,
  exportedKind,
  PATH_ANNOTATION,
  schemaOfKind,
  systemDefinition,
  TYPE_ANNOTATION,
} from '../../definitions/mod.ts';
import {
  deepCopy,
  deepEqual,
  formatTime,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
  withConditions,
} from '../../machinery/mod.ts';
import { ExpectationFailed, type NewDefaults, type ObjectKey, type Row } from '../../store/mod.ts';
import { settleWorkspaceType } from '../../workspaces/mod.ts';
import { bindingFor, defaultBindingName } from '../binding/mod.ts';
import { IDENTITY_NAMESPACE, newIdentity, readIdentity } from '../identity/mod.ts';
import { API_BINDINGS, API_RESOURCE_SCHEMAS, apisKey } from '../kcp-objects.ts';
import {
  CREATE_ONLY_ANNOTATION,
  type Manifest,
  ROOT_EXPORTS,
  rootEndpointSlice,
  rootExport,
  rootSchemas,
  rootTypes,
  shardManifest,
} from './root-manifests.ts';

const ANNOTATIONS: Readonly<Record<string, string>> = {
  [PATH_ANNOTATION]: ROOT_CLUSTER,
  [TYPE_ANNOTATION]: 'root:root',
};
/** At start, who else writes are the controllers of the start before: few, and soon done. */
const ATTEMPTS_MAX = 16;

/**
 * Makes the root of the workspace tree with all that it offers, in three commits, each of one log and relying on the one
 * before: the root itself with the identities of its exports; schemas and exports of kcp's own kinds, the types of
 * workspaces and the object of the shard; what is bound and where consumers are found. A later start adds what is
 * missing, also of a founding that was interrupted, and brings up to date what an older version of the program has
 * written; then nothing is committed as a rule.
 *
 * True when the root is new.
 */
export async function foundRoot(
  api: Api,
  options: { /** This member's. */ readonly shard: ShardName },
): Promise<boolean> {
  const isNew = !hasBindings(api);
  for (let attempts = 1; ; attempts++) {
    const founding = new Founding(api);
    try {
      await founding.root();
      await founding.offers(options.shard);
      await founding.consumers();
      return isNew;
    } catch (error) {
      if (!(error instanceof ExpectationFailed) || attempts >= ATTEMPTS_MAX) throw error;
    }
  }
}

/** They come last: where there is one, there was all of it once. */
function hasBindings(api: Api): boolean {
  return ROOT_EXPORTS.some((name) => api.store.newest(bindingKey(name)) !== undefined);
}

function bindingKey(name: string): ObjectKey {
  const reference = { path: ROOT_CLUSTER, name };
  return apisKey(ROOT_CLUSTER, API_BINDINGS, defaultBindingName(ROOT_CLUSTER, reference));
}

class Founding {
  readonly #api: Api;
  readonly #now: string;
  /** What the next commit has. */
  #companions: Companion[] = [];
  #defaults: NewDefaults | undefined;
  /** The identities of exports by name. */
  readonly #identities = new Map<string, string>();
  /** Their uids. */
  readonly #exports = new Map<string, string>();

  constructor(api: Api) {
    this.#api = api;
    this.#now = formatTime(api.store.nowMs());
  }

  async root(): Promise<void> {
    if (readLogicalCluster(this.#api, ROOT_CLUSTER) === undefined) await this.#logicalCluster();
    else this.#annotations();
    for (const name of ROOT_EXPORTS) this.#identities.set(name, await this.#identity(name));
    await this.#commit();
  }

  async offers(shard: ShardName): Promise<void> {
    for (const schema of rootSchemas()) this.#put('apis.kcp.io', 'apiresourceschemas', schema);
    for (const name of ROOT_EXPORTS) this.#exports.set(name, this.#export(name));
    for (const type of rootTypes) {
      this.#put('tenancy.kcp.io', 'workspacetypes', type, (object) =>
        settleWorkspaceType(object, ROOT_CLUSTER, this.#now),
      );
    }
    this.#put('core.kcp.io', 'shards', shardManifest(shard, this.#api.region));
    await this.#commit();
  }

  async consumers(): Promise<void> {
    for (const name of ROOT_EXPORTS) this.#slice(name);
    await this.#bindings();
    await this.#commit();
  }

  async #logicalCluster(): Promise<void> {
    const wanted: NewLogicalCluster = { cluster: ROOT_CLUSTER, annotations: ANNOTATIONS };
    const { companions, defaults } = await newLogicalCluster(this.#api, wanted);
    this.#companions.push(...companions);
    this.#defaults = defaults;
  }

  /** Those of a root that an older version of the program has made. */
  #annotations(): void {
    const key = logicalClusterKey(ROOT_CLUSTER);
    const definition = systemDefinition(key.group, key.resource)!;
    const oldRow = this.#api.store.newest(key)!;
    const old = decodeStored(definition, definition.storageVersion, oldRow);
    const object = deepCopy(old);
    object.metadata.annotations = objectOf({ ...ANNOTATIONS, ...old.metadata.annotations }) as {
      [key: string]: string;
    };
    if (!deepEqual(object, old))
      this.#companions.push(companionPut(this.#api, { definition, key, object, old, oldRow }));
  }

  async #commit(): Promise<void> {
    if (this.#companions.length === 0) return;
    const proposal = {
      mutations: this.#companions.map(({ mutation }) => mutation),
      work: this.#companions.flatMap(({ work }) => work),
      actor: SYSTEM_USER.name,
      originRegion: this.#api.region,
      ...(this.#defaults === undefined ? {} : { defaults: this.#defaults }),
    };
    await this.#api.quotas.commit(proposal, { assertCurrent: () => {}, isCount: false });
    this.#companions = [];
    this.#defaults = undefined;
  }

  /** Root itself has bound what it offers: so the schemas are kept from the beginning. */
  async #bindings(): Promise<void> {
    const bindings: KubeObject[] = [];
    const isFirst = !hasBindings(this.#api);
    for (const name of ROOT_EXPORTS) {
      const reference = { path: ROOT_CLUSTER, name };
      if (this.#api.store.newest(bindingKey(name)) !== undefined) continue;
      const born = { uid: this.#api.random.uuid(), now: this.#now };
      const request = { cluster: ROOT_CLUSTER, path: ROOT_CLUSTER, reference, born };
      // Those that are there are looked for where there may be some.
      const beside = isFirst ? { beside: [...bindings] } : {};
      const made = await bindingFor(this.#api, this, { ...request, ...beside });
      bindings.push(made.binding);
      this.#companions.push(...made.companions);
    }
  }

  /** What there will be: objects of this commit have no revision yet. */
  read(key: ObjectKey): Row | undefined {
    const { mutation } = this.#companions.find((one) => isSameKey(one.mutation.key, key)) ?? {};
    if (mutation !== undefined) return mutation.row && { ...mutation.row, revision: 0 as Revision };
    return this.#api.store.newest(key);
  }

  /** Nobody's rights are asked for here. */
  relyOn(): void {}

  #export(name: string): string {
    const identity = this.#identities.get(name) ?? '';
    return this.#put('apis.kcp.io', 'apiexports', rootExport(name), (object) => {
      const status = objectAt(object, 'status') ?? objectOf({});
      object['status'] = objectOf({
        ...status,
        identityHash: textAt(status, 'identityHash') || identity,
        conditions: withConditions(
          objectsAt(status, 'conditions'),
          [{ type: 'IdentityValid', status: 'True' }],
          this.#now,
        ),
      });
    });
  }

  #slice(name: string): void {
    const uid = this.#exports.get(name) ?? '';
    const owner = { apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIExport', name, uid };
    this.#put('apis.kcp.io', 'apiexportendpointslices', rootEndpointSlice(name), (object) => {
      object.metadata.ownerReferences = [objectOf(owner) as unknown as typeof owner];
    });
  }

  /** The hash of an export's identity; the identity is made if there is none. */
  async #identity(name: string): Promise<string> {
    const found = readIdentity(this, ROOT_CLUSTER, { namespace: IDENTITY_NAMESPACE, name });
    if ('hash' in found) return found.hash;
    const { hash, companions } = await newIdentity(this.#api, this, { cluster: ROOT_CLUSTER, name });
    this.#companions.push(...companions);
    return hash;
  }

  /** Adds an object, or brings it up to date. Returns its uid. */
  #put(
    group: string,
    resource: string,
    manifest: Manifest,
    complete: (object: KubeObject) => void = () => {},
  ): string {
    const definition = this.#definition(group, resource);
    const key = { ...collectionOf(ROOT_CLUSTER, definition), namespace: '', name: manifest.metadata.name };
    const row = this.#api.store.newest(key);
    const old = row === undefined ? undefined : decodeStored(definition, definition.storageVersion, row);
    if (row !== undefined && (old === undefined || isLeftAlone(old))) return row.uid;
    const uid = row?.uid ?? this.#api.random.uuid();
    const object = old === undefined ? this.#newObject(manifest, uid) : updated(old, manifest);
    normalize(definition, object);
    complete(object);
    if (old !== undefined && deepEqual(object, old)) return uid;
    if (old !== undefined && !deepEqual(object['spec'], old['spec']))
      object.metadata.generation = (old.metadata.generation ?? 0) + 1;
    this.#companions.push(companionPut(this.#api, { definition, key, object, old, oldRow: row }));
    return uid;
  }

  /** A kind of kcp's as this version has it, and as everybody will have it who binds it from now on. */
  #definition(group: string, resource: string): Definition {
    const kind = exportedKind(group, resource);
    if (kind === undefined) return systemDefinition(group, resource)!;
    const identity = this.#identities.get(kind.exportedBy ?? '');
    const schema = this.read(apisKey(ROOT_CLUSTER, API_RESOURCE_SCHEMAS, schemaOfKind(kind).metadata.name));
    assert(identity !== undefined && schema !== undefined, 'exports come before the objects of their kinds');
    return this.#api.registry.exported(schema, identity);
  }

  #newObject({ apiVersion, kind, metadata, spec }: Manifest, uid: string): KubeObject {
    const { annotations, labels, name } = metadata;
    // Literals have a prototype, whose members must not be taken for fields.
    return deepCopy({
      apiVersion,
      kind,
      metadata: {
        ...(annotations === undefined ? {} : { annotations }),
        creationTimestamp: this.#now,
        generation: 1,
        ...(labels === undefined ? {} : { labels }),
        name,
        uid,
      },
      spec,
    } as unknown as KubeObject);
  }
}

function isLeftAlone({ metadata }: KubeObject): boolean {
  return (
    metadata.annotations?.[CREATE_ONLY_ANNOTATION] !== undefined || metadata.deletionTimestamp !== undefined
  );
}

/** As kcp does it: the spec is what this version says, of labels and annotations at least what it says. */
function updated(old: KubeObject, { metadata, spec }: Manifest): KubeObject {
  const object = deepCopy(old);
  for (const part of ['annotations', 'labels'] as const) {
    if (metadata[part] === undefined) continue;
    object.metadata[part] = objectOf({ ...object.metadata[part], ...metadata[part] }) as {
      [key: string]: string;
    };
  }
  object['spec'] = deepCopy(spec as JsonObject);
  return object;
}

/** Gives an object the form that a request that sends it would give it. */
function normalize(definition: Definition, object: KubeObject): void {
  const version = definition.versions.find(({ name }) => name === definition.storageVersion);
  assert(version !== undefined, 'a kind has the version that it is stored in');
  const unknown = decodeCustomResource(object, version);
  assert(unknown.length === 0, `the root's own objects are of their kinds: ${unknown.join()}`);
}
