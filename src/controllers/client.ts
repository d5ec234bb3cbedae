import { type Authorized, SYSTEM_USER } from '../access/mod.ts';
import {
  APPLY_PATCH,
  type Api,
  type Body,
  create,
  type DeleteOptions,
  patch,
  Query,
  type RequestContext,
  remove,
  type Target,
  update,
  type WriteOptions,
} from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import type { Definition } from '../definitions/mod.ts';
import {
  encodeJson,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  newConflict,
  StatusError,
} from '../machinery/mod.ts';

/** How controllers change objects: the same verbs, authorizer and write path as everybody else. */
export class ControllerClient {
  readonly #api: Api;
  readonly #context: RequestContext;
  readonly #options: WriteOptions;

  /** `name` becomes the field manager of what it writes. */
  constructor(api: Api, options: { readonly name: string; readonly signal: AbortSignal }) {
    this.#api = api;
    this.#context = { signal: options.signal, userAgent: options.name, warn: () => {} };
    this.#options = { isDryRun: false, fieldManager: options.name, fieldValidation: 'Ignore' };
  }

  /** Creates an object at its place, unless there is one already. */
  async create(place: Place, object: KubeObject): Promise<void> {
    const request = {
      target: await this.#target({ ...place, name: '' }, 'create'),
      options: this.#options,
      context: this.#context,
      body: bodyOf('application/json', object),
    };
    try {
      await create(this.#api, request);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    }
  }

  /** Applies a configuration, taking over what others own of its fields; creates what is not there. */
  async apply(place: Place, configuration: KubeObject): Promise<void> {
    const query = Query.parse(`force=true&fieldManager=${encodeURIComponent(this.#options.fieldManager)}`);
    await this.#patch(place, APPLY_PATCH, configuration, query);
  }

  /** Deletes an object, if it is still the one with that uid. Missing ones count as deleted. */
  async remove(place: Place, options: Partial<DeleteOptions> & { readonly uid: string }): Promise<void> {
    const target = await this.#target(place, 'delete');
    const full: DeleteOptions = {
      isDryRun: false,
      resourceVersion: undefined,
      propagationPolicy: 'Background',
      isLegacyBackground: false,
      ...options,
    };
    await ignoreGone(place, remove(this.#api, { target, options: full, context: this.#context }));
  }

  /** Applies a JSON patch; a missing object is nothing to patch. */
  async jsonPatch(place: Place, steps: readonly JsonObject[]): Promise<void> {
    await this.#patch(place, 'application/json-patch+json', [...steps]);
  }

  /** Applies a JSON merge patch. Name the uid in it, so that a namesake is left alone. */
  async mergePatch(place: Place, change: JsonObject): Promise<void> {
    await this.#patch(place, 'application/merge-patch+json', change);
  }

  /** Replaces an object or its subresource, if it is still at the object's resourceVersion. */
  async update(place: Place, object: KubeObject): Promise<void> {
    const target = await this.#target(place, 'update');
    await update(this.#api, {
      target,
      options: this.#options,
      context: this.#context,
      body: bodyOf('application/json', object),
    });
  }

  async #patch(place: Place, mediaType: string, value: JsonValue, query = Query.parse('')): Promise<void> {
    const target = await this.#target(place, 'patch');
    const body = bodyOf(mediaType, value);
    await ignoreGone(
      place,
      patch(this.#api, {
        target,
        options: this.#options,
        context: this.#context,
        body,
        query,
      }),
    );
  }

  async #target(place: Place, verb: string): Promise<Authorized<Target>> {
    const { definition } = place;
    return this.#api.access.authorize<Target>({
      user: SYSTEM_USER,
      cluster: place.cluster,
      verb,
      group: definition.group,
      version: servedVersion(definition),
      resource: definition.names.plural,
      subresource: place.subresource ?? '',
      namespace:
        place.namespace === '' && definition.names.plural === 'namespaces' ? place.name : place.namespace,
      name: place.name,
    });
  }
}

/** An object of some kind, by its place. */
export interface Place {
  readonly definition: Definition;
  readonly cluster: LogicalCluster;
  readonly namespace: string;
  readonly name: string;
  readonly subresource?: string;
}

/** A version in which a kind can be written; the stored one if it is served. */
function servedVersion(definition: Definition): string {
  const served = definition.versions.filter((version) => version.served);
  return (
    (served.find(({ name }) => name === definition.storageVersion) ?? served[0])?.name ??
    definition.storageVersion
  );
}

function bodyOf(mediaType: string, value: JsonValue): Body {
  return { mediaType, bytes: Buffer.from(encodeJson(value)) };
}

// How the write path tells that an object is not the one with that uid: deletions, updates, patches of nothing.
const OTHER_UID = [
  'the UID in the precondition (',
  'Precondition failed: UID in precondition: ',
  'uid mismatch: ',
];

/** A patch that names a uid would change that of a namesake, which nobody may. */
function isOtherUid({ reason, details }: StatusError): boolean {
  return reason === 'Invalid' && details?.causes?.some(({ field }) => field === 'metadata.uid') === true;
}

async function ignoreGone({ definition, name }: Place, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.reason === 'NotFound' || isOtherUid(error)) return;
    if (error.reason !== 'Conflict') throw error;
    // Only what follows the name counts: an object may be called what it likes. A deletion names the kind.
    const { group, names } = definition;
    const prefixes = [names.plural, names.kind].map(
      (resource) => newConflict({ group, resource }, name, '').message,
    );
    const prefix = prefixes.find((text) => error.message.startsWith(text));
    const detail = prefix === undefined ? '' : error.message.slice(prefix.length);
    if (!OTHER_UID.some((text) => detail.startsWith(text))) throw error;
  }
}
