import {
  APIS_GROUP,
  type ClusterQuestion,
  type Decision,
  decision,
  type Eventual,
  outside,
  type Question,
  type ResourceAttributes,
  type User,
} from '../../access/mod.ts';
import type { Api, Service, Sight, ViewedKind, VirtualWorkspace } from '../../api/mod.ts';
import { type ClusterScope, EVERYWHERE, type LogicalCluster, parseLogicalCluster } from '../../base/mod.ts';
import {
  boundAlias,
  type Definition,
  type DefinitionSet,
  definitionSet,
  systemDefinition,
} from '../../definitions/mod.ts';
import { consumersOf, isConsumer, refersTo } from './consumers.ts';
import { type ExportOffer, type ExportPlace, readOffer, readSchema } from './export-offer.ts';
import type { ViewClaims } from './view-claims.ts';
import { announcedDefinition, READ_ONLY, viewedDefinition, withVerbs } from './viewed-definition.ts';
import { withWarrant } from './warrant.ts';

/** `/services/apiexport/<logical cluster of the export>/<its name>/clusters/…`. */
export function apiExportService(api: Api, claims: ViewClaims | undefined): Service {
  return {
    view([segment = '', name = '']) {
      const cluster = parseLogicalCluster(segment);
      return cluster === undefined ? undefined : new ApiExportView(api, { cluster, name }, claims);
    },
  };
}

/**
 * What a provider sees of its consumers: the objects of the kinds that its export has, in all logical clusters that
 * are bound to it; what it claims and they have accepted; and their bindings, to look at.
 */
class ApiExportView implements VirtualWorkspace {
  readonly name: string;
  readonly home: LogicalCluster;
  readonly #api: Api;
  readonly #place: ExportPlace;
  readonly #claims: ViewClaims | undefined;

  constructor(api: Api, place: ExportPlace, claims: ViewClaims | undefined) {
    this.#api = api;
    this.#place = place;
    this.#claims = claims;
    this.name = `apiexport/${place.cluster}/${place.name}`;
    this.home = place.cluster;
  }

  /** The same verb on the content of the export, where the export lies; `access` for everything that is no resource. */
  questions(request: Question): readonly ClusterQuestion[] {
    const verb = 'path' in request ? 'access' : request.verb;
    const content = { group: APIS_GROUP, resource: 'apiexports', subresource: 'content' };
    return [
      { user: request.user, cluster: this.home, verb, ...content, namespace: '', name: this.#place.name },
    ];
  }

  /**
   * In one logical cluster, nothing without a binding to this export there. For all of them there is nothing to ask:
   * what is shown is under the identity of the export, or has the label of an accepted claim.
   */
  async admit(request: Question): Promise<Decision> {
    // Paths show what the export has, wherever they are asked.
    if ('path' in request) return decision('allow', '');
    const { cluster, group, resource } = request;
    if (cluster === EVERYWHERE) return this.#admitEverywhere(request);
    // Asked for first: what is read afterwards is not older.
    const ground = [this.#api.access.groundOf(cluster)];
    const isBound = await isConsumer(this.#api.store, cluster, this.#place);
    if (!isBound) return outside('deny', 'no binding to the export');
    const offer = readOffer(this.#api.store, this.#place);
    if (offer !== undefined && !isExported(offer, group, resource) && this.#claims !== undefined) {
      return this.#claims.admit(offer, request);
    }
    return decision('allow', '', ground);
  }

  /** What is shown is under the identity of the export, or has the label of an accepted claim. */
  #admitEverywhere(request: ResourceAttributes<ClusterScope>): Eventual<Decision> {
    const offer = readOffer(this.#api.store, this.#place);
    if (offer === undefined || isExported(offer, request.group, request.resource))
      return decision('allow', '');
    return this.#claims?.admit(offer, request) ?? decision('allow', '');
  }

  userOf({ user, cluster }: ClusterQuestion): User {
    return withWarrant(user, cluster);
  }

  find(cluster: ClusterScope, group: string, resource: string): ViewedKind | undefined {
    const offer = readOffer(this.#api.store, this.#place);
    if (offer === undefined) return undefined;
    const found = this.#findIn(offer, cluster, { group, resource });
    if (found === undefined) return undefined;
    return {
      ...found,
      preconditions: [...found.preconditions, { key: offer.key, revision: offer.row.revision }],
    };
  }

  async kinds(): Promise<DefinitionSet> {
    const offer = readOffer(this.#api.store, this.#place);
    if (offer === undefined) return definitionSet([]);
    const exported: Definition[] = [];
    const pause = this.#api.registry.pauseBetween(offer.resources.length);
    for (const { group, name } of offer.resources) {
      const definition = this.#exported(offer, group, name);
      if (definition !== undefined) exported.push(definition);
      await pause();
    }
    const claimed = ((await this.#claims?.kinds(offer)) ?? []).map(viewedDefinition);
    const bindings = claimed.some(isBindings) ? [] : [bindingsDefinition()];
    return definitionSet([...exported, ...claimed, ...bindings].map(announcedDefinition));
  }

  #findIn(
    offer: ExportOffer,
    cluster: ClusterScope,
    kind: { readonly group: string; readonly resource: string },
  ): ViewedKind | undefined {
    const { group, resource } = kind;
    if (isExported(offer, group, resource)) {
      if (cluster !== EVERYWHERE) return this.#bound(offer, cluster, kind);
      const definition = this.#exported(offer, group, resource);
      return definition === undefined ? undefined : { definition, preconditions: [] };
    }
    const claimed = this.#claims?.find(offer, cluster, kind);
    if (claimed !== undefined) return { ...claimed, definition: viewedDefinition(claimed.definition) };
    if (group !== APIS_GROUP || resource !== 'apibindings') return undefined;
    return { definition: bindingsDefinition(), preconditions: [], sight: sightOfBindings(this.#place) };
  }

  /** A kind of the export as a consumer has bound it: under the identity of this export, and by a binding to it. */
  #bound(
    { identity, place }: ExportOffer,
    cluster: LogicalCluster,
    { group, resource }: { readonly group: string; readonly resource: string },
  ): ViewedKind | undefined {
    const { registry, store } = this.#api;
    const found = registry.find(cluster, group, resource);
    const bindingKey = store.aliased(cluster, boundAlias(group, resource));
    const binding = bindingKey === undefined ? undefined : store.get(bindingKey);
    if (found === undefined || binding === undefined || !refersTo(binding, place)) return undefined;
    if (identity === '' || found.definition.identity !== identity) return undefined;
    return { ...found, definition: viewedDefinition(found.definition) };
  }

  /** A kind of the export as its newest schema describes it. */
  #exported(offer: ExportOffer, group: string, resource: string): Definition | undefined {
    const one = offer.resources.find((other) => other.group === group && other.name === resource);
    const schema = one === undefined ? undefined : readSchema(this.#api.store, offer, one.schema);
    if (schema === undefined || offer.identity === '') return undefined;
    return viewedDefinition(this.#api.registry.exported(schema, offer.identity));
  }
}

function isExported({ resources }: ExportOffer, group: string, resource: string): boolean {
  return resources.some((one) => one.group === group && one.name === resource);
}

function isBindings({ group, names }: Definition): boolean {
  return group === APIS_GROUP && names.plural === 'apibindings';
}

// That they can be looked at is part of every view.
function bindingsDefinition(): Definition {
  return withVerbs(systemDefinition(APIS_GROUP, 'apibindings')!, READ_ONLY);
}

/** The bindings to this export, and no others that their logical clusters may have. */
function sightOfBindings(place: ExportPlace): Sight {
  return {
    text: `bindings of ${place.cluster}:${place.name}`,
    sees: (_key, row) => refersTo(row, place),
    clusters: (snapshot, after) => consumersOf(snapshot, place, after),
  };
}
