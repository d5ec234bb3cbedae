import type { Authorizer } from '../access/mod.ts';
import {
  type AdmissionPlugin,
  type AdmissionReads,
  type AdmissionRequest,
  isAbout,
  newAdmissionForbidden,
} from '../admission/mod.ts';
import { logicalClusterKey } from '../api/mod.ts';
import { limits } from '../base/mod.ts';
import { type KubeObject, objectAt, objectOf, textAt } from '../machinery/mod.ts';
import { mountOf } from './admit-workspace.ts';
import { logicalClusterFacts } from './facts.ts';
import { TENANCY_GROUP, UNIVERSAL_TYPE, WORKSPACE_TYPES, WORKSPACES } from './names.ts';
import { typeLimitProblem } from './type-limits.ts';
import {
  namedBy,
  type ReadRow,
  type Reference,
  referenceText,
  TypeProblem,
  type WorkspaceType,
  type WorkspaceTypes,
} from './types.ts';

/**
 * kcp's plugin `tenancy.kcp.io/WorkspaceTypeExists`: finds the type of a new workspace, and asks whether its creator
 * may use it, with all that it extends, and whether it may lie where it is to lie.
 */
export function admitWorkspaceType(ground: {
  readonly types: WorkspaceTypes;
  readonly authorize: Authorizer;
}): AdmissionPlugin {
  const { types } = ground;
  return {
    name: 'tenancy.kcp.io/WorkspaceTypeExists',
    operations: ['CREATE'],
    mutate(request, reads) {
      const { object } = request;
      if (!isAbout(request, KIND) || object === undefined || mountOf(object) !== undefined) return;
      const read = readOf(reads);
      refuseProblems(request, () => {
        const parent = parentOf(request, reads);
        const type = types.resolve(
          wantedType(object) ?? defaultType(types, parent.type, read),
          parent.path,
          read,
        );
        setType(object, type);
      });
    },
    async validate(request, reads) {
      const { object } = request;
      if (!isAbout(request, KIND) || object === undefined || mountOf(object) !== undefined) return;
      const read = readOf(reads);
      const parent = parentOf(request, reads);
      const resolve = () => types.resolve(wantedType(object)!, parent.path, read);
      await assertAllUsable(ground, { request, reads, type: refuseProblems(request, resolve) });
      const problem = refuseProblems(request, () => {
        // Without the type around it, nobody knows what its limits are: then there is no place for anything.
        const above = types.resolve(parent.type, parent.path, read);
        return typeLimitProblem(types.lineage(above, read), types.lineage(resolve(), read));
      });
      if (problem !== undefined) throw newAdmissionForbidden(request, problem);
    },
  };
}

function readOf(reads: AdmissionReads): ReadRow {
  return (key) => reads.read(key);
}

const KIND = { group: TENANCY_GROUP, resource: WORKSPACES };

/** A type that somebody wants to use. */
interface Asked {
  readonly request: AdmissionRequest;
  readonly reads: AdmissionReads;
  readonly type: WorkspaceType;
}

/**
 * A type is asked about before anything is said of what it extends: whoever may not use it does not learn that. What
 * is not there, or is too much, is left to whoever looks at the whole.
 */
async function assertAllUsable(
  { types, authorize }: { readonly types: WorkspaceTypes; readonly authorize: Authorizer },
  { request, reads, type }: Asked,
): Promise<void> {
  const known = new Map([[referenceText(type), type]]);
  for (const heir of known.values()) {
    await assertUsable(authorize, { request, reads, type: heir });
    for (const extended of heir.spec.extends) {
      const reference = namedBy(heir, extended);
      const text = referenceText(reference);
      const found = known.has(text) ? undefined : types.find(reference, readOf(reads));
      // The type itself is one more.
      if (found !== undefined && known.size <= limits.workspaceTypesExtendedMax) known.set(text, found);
    }
  }
}

/** The rights are those in the workspace of the type, whether or not the user may enter it. */
async function assertUsable(authorize: Authorizer, { request, reads, type }: Asked): Promise<void> {
  const answer = await authorize({
    user: request.user,
    cluster: type.cluster,
    verb: 'use',
    group: TENANCY_GROUP,
    resource: WORKSPACE_TYPES,
    subresource: '',
    namespace: '',
    name: type.name,
    isDeepReview: true,
  });
  reads.reliesOn.push(...answer.reliesOn);
  if (answer.verdict === 'allow') return;
  const detail = `unable to use workspace type ${referenceText(type)}: missing verb='use' permission on workspacetype`;
  throw newAdmissionForbidden(request, detail);
}

/** Where the new workspace will lie. */
function parentOf(
  { cluster }: AdmissionRequest,
  reads: AdmissionReads,
): { readonly path: string; readonly type: Reference } {
  const row = reads.read(logicalClusterKey(cluster));
  const facts = row && logicalClusterFacts(row);
  return {
    path: facts?.path ?? cluster,
    type: parseReference(facts?.type, facts?.typeCluster) ?? UNIVERSAL_TYPE,
  };
}

/** `path:name` of an annotation, and where it was found. */
export function parseReference(text: string | undefined, meant: Reference['meant']): Reference | undefined {
  const colon = text?.lastIndexOf(':') ?? -1;
  if (text === undefined || colon <= 0) return undefined;
  return { path: text.slice(0, colon), name: text.slice(colon + 1), meant };
}

/** What workspaces get that name no type where this one is the type of the workspace around them. */
function defaultType(types: WorkspaceTypes, parent: Reference, read: ReadRow): Reference {
  const type = types.find(parent, read);
  const child = type?.spec.defaultChild;
  if (type === undefined || child === undefined) return UNIVERSAL_TYPE;
  return namedBy(type, child);
}

function wantedType(workspace: KubeObject): Reference | undefined {
  const type = objectAt(objectAt(workspace, 'spec'), 'type');
  const name = textAt(type, 'name');
  return name === '' ? undefined : { path: textAt(type, 'path'), name };
}

/** Writes down which type was found, and gives the workspace the labels of the type where it has none of its own. */
function setType(workspace: KubeObject, type: WorkspaceType): void {
  const wanted = wantedType(workspace);
  const spec = objectAt(workspace, 'spec') ?? objectOf({});
  spec['type'] = objectOf({ name: type.name, path: wanted?.path || type.path });
  workspace['spec'] = spec;
  const { additionalWorkspaceLabels } = type.spec;
  if (Object.keys(additionalWorkspaceLabels).length === 0) return;
  workspace.metadata.labels = { ...additionalWorkspaceLabels, ...workspace.metadata.labels };
}

function refuseProblems<Result>(request: AdmissionRequest, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof TypeProblem) throw newAdmissionForbidden(request, error.message);
    throw error;
  }
}
