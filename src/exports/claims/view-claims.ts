import {
  APIS_GROUP,
  type Decision,
  decision,
  type RbacAt,
  type ResourceAttributes,
} from '../../access/mod.ts';
import type { Api, Sight, ViewedKind } from '../../api/mod.ts';
import {
  BoundedCache,
  type ClusterScope,
  EVERYWHERE,
  type LogicalCluster,
  limits,
  WeightedCache,
} from '../../base/mod.ts';
import {
  type AcceptedClaim,
  allowsVerb,
  builtinDefinition,
  claimReference,
  claimsOfExport,
  type Definition,
  exportHash,
  hasLocalPolicy,
  identityReference,
  isClaimableWithoutIdentity,
  type Label,
  labelOf,
  type PermissionClaim,
  reflexiveLabel,
  systemDefinition,
  verbsInForce,
} from '../../definitions/mod.ts';
import { goQuote, isObject, type KubeObject, newForbidden, newObject } from '../../machinery/mod.ts';
import type { ListedObject } from '../../store/mod.ts';
import { type FormerConsumers, formerConsumers, hasFormer, isSuccessor } from '../former-consumers.ts';
import { clustersReferring, consumersOf, refersTo } from '../views/consumers.ts';
import { type ExportOffer, type ExportPlace, readOffer, readSchema } from '../views/export-offer.ts';
import type { ViewClaims } from '../views/view-claims.ts';
import { READ_ONLY, withVerbs } from '../views/viewed-definition.ts';

interface Kind {
  readonly group: string;
  readonly resource: string;
}

const BINDINGS: Kind = { group: APIS_GROUP, resource: 'apibindings' };

/** What claims add to the views of exports on a member. */
export function viewClaims(api: Api): ViewClaims {
  return new ClaimsInViews(api);
}

class ClaimsInViews implements ViewClaims {
  readonly #api: Api;
  /** Exports by their identity, as they were found last: whoever uses one looks whether it still has it. */
  readonly #places = new BoundedCache<string, readonly ExportPlace[]>(limits.claimedIdentitiesCachedMax);
  /** Of exports that took the name of another one: who was bound to that. False: too many to tell. */
  readonly #former = new WeightedCache<FormerConsumers | false>({
    weightMax: limits.formerConsumersCachedMax,
    weigh: (former) => (former === false ? 1 : 1 + former.size),
  });

  constructor(api: Api) {
    this.#api = api;
  }

  async kinds(offer: ExportOffer): Promise<readonly Definition[]> {
    const definitions: Definition[] = [];
    for (const claim of claimsOf(offer)) {
      if (claim.identityHash !== '') await this.#exportersOf(claim.identityHash);
      const definition = this.#claimedDefinition(claim);
      if (definition !== undefined) definitions.push(definition);
    }
    return definitions;
  }

  find(offer: ExportOffer, cluster: ClusterScope, kind: Kind): ViewedKind | undefined {
    const claim = claimOf(offer, kind);
    const definition = claim && this.#claimedDefinition(claim);
    if (claim === undefined || definition === undefined) return undefined;
    if (definition.isVirtual === true) return { definition, preconditions: [] };
    const sight = this.#sightOf(offer, claim, cluster);
    if (cluster === EVERYWHERE) return { definition, preconditions: [], sight };
    const found = this.#api.registry.find(cluster, kind.group, kind.resource);
    if (found !== undefined && (found.definition.identity ?? '') === claim.identityHash) {
      if (claim.identityHash !== '' || isClaimableWithoutIdentity(kind)) return { ...found, sight };
    }
    // Nobody has bound it here: there is nothing to see, which is an answer, and nothing to write.
    return { definition: withVerbs(definition, READ_ONLY), preconditions: [], sight };
  }

  /**
   * In one logical cluster the verb has to be in force there: on both sides of an accepted claim. Then whoever exports
   * what is claimed has a say. The bindings to the export can be looked at in any case.
   */
  async admit(offer: ExportOffer, request: ResourceAttributes<ClusterScope>): Promise<Decision> {
    const claim = claimOf(offer, request);
    await this.#findFormer(offer);
    const grounds: RbacAt[] = [this.#api.access.groundOf(offer.place.cluster)];
    if (request.cluster !== EVERYWHERE) {
      const { claims, at } = await this.#api.claims.of(request.cluster);
      grounds.push(at);
      const answers = claim === undefined ? [] : claims.filter((accepted) => isAnswerTo(claim, accepted));
      const isInForce =
        // What was accepted for an export that had this name before was accepted for that one.
        answers.every(({ claimantIdentity = offer.identity }) => claimantIdentity === offer.identity) &&
        answers.some((accepted) => allowsVerb(verbsInForce(claim!, accepted), request.verb));
      if (!isInForce) return withoutClaim(request, grounds);
    }
    if (claim === undefined || claim.identityHash === '') return decision('allow', '', grounds);
    return this.#admitByExporters({ claim, offer, request, grounds });
  }

  async #admitByExporters(step: {
    readonly claim: PermissionClaim;
    readonly offer: ExportOffer;
    readonly request: ResourceAttributes<ClusterScope>;
    readonly grounds: readonly RbacAt[];
  }): Promise<Decision> {
    const { claim, offer, request } = step;
    const exporters = await this.#exportersOf(claim.identityHash);
    const grounds = [...step.grounds];
    if (exporters.length === 0) {
      const reason = `no API export providing claimed resources found for identity hash: ${goQuote(claim.identityHash)}`;
      return decision('deny', reason, grounds);
    }
    const cluster = request.cluster === EVERYWHERE ? offer.place.cluster : request.cluster;
    for (const { place, isBounded } of exporters) {
      grounds.push(this.#api.access.groundOf(place.cluster));
      if (!isBounded) continue;
      // All of them have to agree: which one is meant nobody can tell.
      const policy = await this.#api.access.policyOf(place, { ...request, cluster });
      grounds.push(...policy.reliesOn);
      if (policy.verdict === 'allow') continue;
      const reason = `API export: ${goQuote(place.name)}, workspace: ${goQuote(place.cluster)} RBAC decision: ${policy.reason}`;
      return decision('deny', reason, grounds);
    }
    return decision('allow', '', grounds);
  }

  /** Once for an export that needs it, as long as that is remembered. */
  async #findFormer(offer: ExportOffer): Promise<void> {
    if (!isSuccessor(offer.row) || this.#former.get(textOf(offer)) !== undefined) return;
    const max = limits.formerConsumersMax;
    const found = await formerConsumers(this.#api.store, successorOf(offer), max);
    this.#former.getOrCompute(textOf(offer), () => found ?? false);
  }

  /** Whether what is marked in a logical cluster may be marked for an export that had this name before. */
  #isForFormer(offer: ExportOffer): (cluster: LogicalCluster) => boolean {
    if (!isSuccessor(offer.row)) return () => false;
    const former = this.#former.get(textOf(offer)) ?? false;
    if (former === false) return () => true;
    const successor = successorOf(offer);
    return (cluster) => hasFormer(this.#api.store, former, { cluster, successor });
  }

  async #exportersOf(
    identity: string,
  ): Promise<readonly { readonly place: ExportPlace; readonly isBounded: boolean }[]> {
    const found: ListedObject[] = [];
    const snapshot = this.#api.store.snapshot();
    try {
      for await (const batch of snapshot.referring(identityReference(identity))) {
        found.push(...batch.slice(0, limits.exportersOfIdentityMax - found.length));
        if (found.length >= limits.exportersOfIdentityMax) break;
      }
    } finally {
      snapshot.close();
    }
    const exporters = found.map(({ key, row }) => ({
      place: { cluster: key.cluster, name: key.name },
      isBounded: hasLocalPolicy(row),
    }));
    this.#places.set(
      identity,
      exporters.map(({ place }) => place),
    );
    return exporters;
  }

  /** A claimed kind, as every logical cluster has it or as an export with that identity has it. */
  #claimedDefinition(claim: PermissionClaim): Definition | undefined {
    const { group, resource, identityHash } = claim;
    if (identityHash === '') {
      if (!isClaimableWithoutIdentity(claim)) return undefined;
      return builtinDefinition(group, resource) ?? systemDefinition(group, resource);
    }
    for (const place of this.#places.get(identityHash) ?? []) {
      const offer = readOffer(this.#api.store, place);
      const one = offer?.resources.find((other) => other.group === group && other.name === resource);
      if (offer === undefined || one === undefined || offer.identity !== identityHash) continue;
      const schema = readSchema(this.#api.store, offer, one.schema);
      if (schema !== undefined) return this.#api.registry.exported(schema, identityHash);
    }
    return undefined;
  }

  #sightOf(offer: ExportOffer, claim: OfferedClaim, cluster: ClusterScope): Sight {
    const { place } = offer;
    const { label } = claim;
    const own = isKind(claim, BINDINGS) ? reflexiveLabel(exportHash(place)).value : undefined;
    const isForFormer = this.#isForFormer(offer);
    const sight: Sight = {
      text: `${label.key} in (${[label.value, own ?? ''].join()}) for ${offer.identity}`,
      sees: (key, row) => {
        const value = row.labels[label.key];
        if (value === undefined) return false;
        if (value === own) return true;
        if (value !== label.value) return false;
        // Who is bound to it can be looked at in any case.
        return !isForFormer(key.cluster) || (own !== undefined && refersTo(row, place));
      },
    };
    if (cluster === EVERYWHERE) {
      if (!isKind(claim, BINDINGS)) return { ...sight, clusters: clustersWith(label) };
      return { ...sight, clusters: (snapshot, after) => consumersOf(snapshot, place, after) };
    }
    return {
      ...sight,
      settle: (object) => {
        const accepted = this.#api.claims.last(cluster).find((one) => isAnswerTo(claim, one));
        if (accepted !== undefined) putSelectedLabels(accepted, object, claim);
      },
    };
  }
}

function successorOf({ place, identity }: ExportOffer): ExportPlace & { readonly identity: string } {
  return { ...place, identity };
}

function textOf({ place, identity }: ExportOffer): string {
  return `${place.cluster}:${place.name}:${identity}`;
}

function clustersWith(label: Label): NonNullable<Sight['clusters']> {
  return (snapshot, after) => clustersReferring(snapshot, claimReference(label), after);
}

/** A claim of an export, with the label of the objects that it covers. */
interface OfferedClaim extends PermissionClaim {
  readonly label: Label;
}

// As long as the export is remembered as it is.
const offered = new WeakMap<object, readonly OfferedClaim[]>();

function claimsOf({ object, place }: ExportOffer): readonly OfferedClaim[] {
  let claims = offered.get(object);
  if (claims === undefined) {
    claims = claimsOfExport(object).map((claim) => ({ ...claim, label: labelOf(place, claim) }));
    offered.set(object, claims);
  }
  return claims;
}

function claimOf(offer: ExportOffer, kind: Kind): OfferedClaim | undefined {
  return claimsOf(offer).find((claim) => isKind(claim, kind));
}

function isKind(claim: Kind, { group, resource }: Kind): boolean {
  return claim.group === group && claim.resource === resource;
}

/** Who claims is in the key of the label, what in its value. */
function isAnswerTo({ label }: OfferedClaim, accepted: AcceptedClaim): boolean {
  return accepted.label.key === label.key && accepted.label.value === label.value;
}

function withoutClaim(request: ResourceAttributes<ClusterScope>, grounds: readonly RbacAt[]): Decision {
  if (isKind(request, BINDINGS)) {
    if ((READ_ONLY as readonly string[]).includes(request.verb)) return decision('allow', '', grounds);
    return decision(
      'no-opinion',
      'write access to APIBinding is not allowed from virtual workspace',
      grounds,
    );
  }
  return decision('deny', 'failed to find suitable reason to allow access in APIBinding', grounds);
}

/**
 * Gives an object that somebody writes by a claim the labels that the claim selects by, so that it is one of those
 * that it covers. What is selected otherwise than by equality nobody can put right.
 */
function putSelectedLabels({ selector }: AcceptedClaim, object: KubeObject, kind: Kind): void {
  const wanted = selector['matchLabels'];
  if (selector['matchAll'] === true || !isObject(wanted)) return;
  const labels = (object.metadata.labels ?? newObject()) as { [key: string]: string };
  for (const [key, value] of Object.entries(wanted)) {
    if (typeof value !== 'string' || labels[key] === value) continue;
    if (labels[key] !== undefined) {
      const detail = `protected label ${key} must have value ${value}`;
      throw newForbidden(kind, object.metadata.name ?? '', detail);
    }
    labels[key] = value;
  }
  object.metadata.labels = labels;
}
