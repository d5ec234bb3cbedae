import { APIS_GROUP } from '../../access/mod.ts';
import {
  type AcceptedClaim,
  claimLabelsFor,
  type Definition,
  isClaimLabel,
  ownLabelOf,
} from '../../definitions/mod.ts';
import {
  type FieldError,
  fieldErrorText,
  forbidden,
  goQuote,
  invalid,
  type KubeObject,
  newObject,
} from '../../machinery/mod.ts';
import type { AdmissionPlugin, AdmissionReads, AdmissionRequest } from '../chain.ts';
import { isAbout, newAdmissionForbidden } from '../refusal.ts';
import type { ClaimTable } from './claim-table.ts';

type Labels = Readonly<Record<string, string>>;

const BINDINGS = { group: APIS_GROUP, resource: 'apibindings' };

/**
 * Gives each object, in the very write that creates or changes it, the labels of the permission claims that cover it,
 * and takes away all others of their kind: which provider may see an object is for the bindings of its logical cluster
 * to say, and for nobody who writes it. A write is committed only while these bindings are still as they were.
 */
export function permissionClaims(table: ClaimTable): AdmissionPlugin {
  return {
    name: 'apis.kcp.io/PermissionClaims',
    operations: ['CREATE', 'UPDATE'],
    mutate(request, reads) {
      const { object } = request;
      if (object === undefined || !isStored(request)) return;
      return withClaims(table, { request, reads }, (claims) => {
        const wanted = wantedLabels(claims, request, object);
        if (wanted === undefined || isLabelled(object, wanted)) return;
        const labels = Object.assign(newObject() as Record<string, string>, object.metadata.labels);
        for (const key of Object.keys(labels)) if (isClaimLabel(key)) delete labels[key];
        object.metadata.labels = Object.assign(labels, wanted);
      });
    },
    // After webhooks and policies, which may have changed them.
    validate(request, reads) {
      const { object } = request;
      if (object === undefined || !isStored(request)) return;
      return withClaims(table, { request, reads }, (claims) => {
        const wanted = wantedLabels(claims, request, object);
        if (wanted === undefined || isLabelled(object, wanted)) return;
        const errors = labelErrors(object, wanted).map(fieldErrorText);
        throw newAdmissionForbidden(request, errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`);
      });
    },
  };
}

function withClaims(
  table: ClaimTable,
  { request, reads }: { readonly request: AdmissionRequest; readonly reads: AdmissionReads },
  use: (claims: readonly AcceptedClaim[]) => void,
): void | Promise<void> {
  const found = table.of(request.cluster);
  if (found instanceof Promise) {
    return found.then(({ claims, at }) => {
      reads.reliesOn.push(at);
      use(claims);
    });
  }
  reads.reliesOn.push(found.at);
  use(found.claims);
}

/**
 * Whether the object of a request is one of the kind, and its labels are going to be stored: those of built-in kinds
 * can be changed by way of subresources, too.
 */
function isStored({ definition, subresource, operation }: AdmissionRequest): boolean {
  if (definition.isVirtual === true) return false;
  return subresource === '' || (operation === 'UPDATE' && definition.origin === 'builtin');
}

/** Undefined where nothing is to be looked at: no claims, no labels of them. */
function wantedLabels(
  claims: readonly AcceptedClaim[],
  request: AdmissionRequest,
  object: KubeObject,
): Labels | undefined {
  const { labels } = object.metadata;
  const isBinding = isAbout(request, BINDINGS);
  if (claims.length === 0 && !isBinding && !hasClaimLabel(labels)) return undefined;
  const wanted = claimLabelsFor(claims, { kind: claimedKind(request.definition), labels });
  const own = isBinding ? ownLabelOf(object) : undefined;
  // Whoever offers an API sees who has bound it, whatever else is claimed.
  return own === undefined || wanted[own.key] !== undefined ? wanted : { ...wanted, [own.key]: own.value };
}

function claimedKind({ group, names, identity }: Definition) {
  return { group, resource: names.plural, identity: identity ?? '' };
}

function hasClaimLabel(labels: Labels | undefined): boolean {
  for (const key in labels) if (isClaimLabel(key)) return true;
  return false;
}

function isLabelled(object: KubeObject, wanted: Labels): boolean {
  return labelErrors(object, wanted).length === 0;
}

function labelErrors(object: KubeObject, wanted: Labels): FieldError[] {
  const labels = object.metadata.labels ?? {};
  const errors: FieldError[] = [];
  for (const key of Object.keys(wanted)) {
    if (labels[key] === wanted[key]) continue;
    errors.push(
      invalid(`metadata.labels[${key}]`, labels[key] ?? '', `must be ${goQuote(wanted[key] ?? '')}`),
    );
  }
  for (const key of Object.keys(labels)) {
    if (isClaimLabel(key) && wanted[key] === undefined)
      errors.push(forbidden(`metadata.labels[${key}]`, 'must not be set'));
  }
  return errors;
}
