import { type FieldError, goQuote, invalid, type KubeObject, required, textAt } from '../../machinery/mod.ts';
import { annotationOf, specOf } from './crd-view.ts';

/** What the approval annotation of a CRD in one of Kubernetes' own groups says. */
export interface Approval {
  readonly state: 'approved' | 'bypassed' | 'missing' | 'invalid';
  readonly reason: string;
}

/** Groups of the Kubernetes community: whoever uses them says by an annotation that the API was reviewed, or was not. */
export function isProtectedGroup(group: string): boolean {
  return ['k8s.io', 'kubernetes.io'].some((domain) => group === domain || group.endsWith(`.${domain}`));
}

/** Reads the annotation `api-approved.kubernetes.io`. */
export function approvalOf(crd: KubeObject): Approval {
  const annotation = annotationOf(crd, ANNOTATION);
  const rule = `protected groups must have approval annotation ${goQuote(ANNOTATION)}`;
  if (annotation === '') return { state: 'missing', reason: `${rule}, ${SEE}` };
  if (annotation.startsWith('unapproved')) {
    return { state: 'bypassed', reason: `not approved: ${goQuote(annotation)}` };
  }
  if (/^[a-zA-Z][-+.a-zA-Z0-9]*:\/\/[^/?#\s]+/.test(annotation)) {
    return { state: 'approved', reason: `approved in ${annotation}` };
  }
  const choice = 'with either a URL or a reason starting with "unapproved"';
  return { state: 'invalid', reason: `${rule} ${choice}, ${SEE}` };
}

/** The annotation must be there and well-formed, unless an update leaves it as bad as it was. */
export function validateApiApproval(crd: KubeObject, old: KubeObject | undefined): FieldError[] {
  if (!isProtectedGroup(textAt(specOf(crd), 'group'))) return [];
  const { state, reason } = approvalOf(crd);
  if (old !== undefined && approvalOf(old).state === state) return [];
  const field = `metadata.annotations[${ANNOTATION}]`;
  if (state === 'missing') return [required(field, reason)];
  return state === 'invalid' ? [invalid(field, annotationOf(crd, ANNOTATION), reason)] : [];
}

const ANNOTATION = 'api-approved.kubernetes.io';
const SEE = 'see https://github.com/kubernetes/enhancements/pull/1111';
