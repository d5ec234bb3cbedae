import { type JsonObject, newObject, objectAt, objectsAt, textAt, textsAt } from '../../machinery/mod.ts';

/** What a provider wants of its consumers: objects of one kind, and what it may do with them. */
export interface PermissionClaim {
  readonly group: string;
  readonly resource: string;
  /** Of the export that the kind comes from; empty for what every logical cluster has. */
  readonly identityHash: string;
  readonly verbs: readonly string[];
  /** `defaultSelector` of an export's claim, as it stands. */
  readonly defaultSelector: JsonObject | undefined;
}

/** A consumer's answer to a claim. */
export interface ScopedClaim extends PermissionClaim {
  readonly isAccepted: boolean;
  /** As it stands: `matchAll`, or a label selector. */
  readonly selector: JsonObject;
  /** The whole entry, for the status. */
  readonly entry: JsonObject;
}

/** The claims of an APIExport in its storage version, `apis.kcp.io/v1alpha2`. */
export function claimsOfExport(apiExport: JsonObject): readonly PermissionClaim[] {
  return claimEntries(apiExport).map(readClaim);
}

/** The claims that an APIBinding has answered, in its storage version, `apis.kcp.io/v1alpha2`. */
export function claimsOfBinding(binding: JsonObject): readonly ScopedClaim[] {
  return claimEntries(binding).map((entry) => ({
    ...readClaim(entry),
    isAccepted: textAt(entry, 'state') === 'Accepted',
    selector: objectAt(entry, 'selector') ?? newObject(),
    entry,
  }));
}

/** Whether both are about the same kind of the same provider: that is what a claim is known by. */
export function isSameClaim(a: PermissionClaim, b: PermissionClaim): boolean {
  return a.group === b.group && a.resource === b.resource && a.identityHash === b.identityHash;
}

/** `<resource>/<group>/<identityHash>`: unlike claims have unlike texts. */
export function claimText({ group, resource, identityHash }: PermissionClaim): string {
  return `${resource}/${group}/${identityHash}`;
}

/**
 * What a claim lets a provider do: the verbs that are on both sides, literally. `*` on both sides is all of them, and
 * on one side nothing, as in kcp.
 */
export function verbsInForce(
  exported: Pick<PermissionClaim, 'verbs'>,
  accepted: Pick<PermissionClaim, 'verbs'>,
): ReadonlySet<string> {
  return new Set(accepted.verbs.filter((verb) => exported.verbs.includes(verb)));
}

/** Whether verbs in force allow one. */
export function allowsVerb(verbs: ReadonlySet<string>, verb: string): boolean {
  return verbs.has('*') || verbs.has(verb);
}

function readClaim(entry: JsonObject): PermissionClaim {
  return {
    group: textAt(entry, 'group'),
    resource: textAt(entry, 'resource'),
    identityHash: textAt(entry, 'identityHash'),
    verbs: textsAt(entry, 'verbs'),
    defaultSelector: objectAt(entry, 'defaultSelector'),
  };
}

function claimEntries(object: JsonObject): readonly JsonObject[] {
  return objectsAt(objectAt(object, 'spec'), 'permissionClaims');
}
