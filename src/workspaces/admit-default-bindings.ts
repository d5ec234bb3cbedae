import { type Authorizer, bindQuestion } from '../access/mod.ts';
import {
  type AdmissionPlugin,
  type AdmissionReads,
  type AdmissionRequest,
  isAbout,
  newAdmissionForbidden,
} from '../admission/mod.ts';
import type { Paths } from '../api/mod.ts';
import { limits } from '../base/mod.ts';
import { fieldErrorText, type KubeObject, objectAt, objectsAt, textAt, tooMany } from '../machinery/mod.ts';
import { TENANCY_GROUP, WORKSPACE_TYPES } from './names.ts';
import { type Reference, referenceText } from './types.ts';

const KIND = { group: TENANCY_GROUP, resource: WORKSPACE_TYPES };

/**
 * Whoever writes a WorkspaceType needs the verb `bind` on each APIExport that it has bound by default, or whoever may
 * have types and workspaces could bind everything: the bindings are made by the server. As in kcp, what the type named
 * before is not asked for again.
 */
export function admitDefaultBindings(ground: {
  readonly paths: Paths;
  readonly authorize: Authorizer;
}): AdmissionPlugin {
  return {
    name: 'tenancy.kcp.io/WorkspaceType',
    operations: ['CREATE', 'UPDATE'],
    async validate(request, reads) {
      const { object, oldObject, operation } = request;
      if (!isAbout(request, KIND) || object === undefined) return;
      const before = boundBy(oldObject);
      const wanted = boundBy(object);
      if (wanted.length > Math.max(limits.apiBindingsMax, before.length)) {
        const error = tooMany('spec.defaultAPIBindings', wanted.length, limits.apiBindingsMax);
        throw newAdmissionForbidden(request, fieldErrorText(error));
      }
      const known = new Set(before.map(referenceText));
      for (const reference of wanted) {
        if (known.has(referenceText(reference))) continue;
        known.add(referenceText(reference));
        if (await mayBind(ground, request, reads, reference)) continue;
        const { path, name } = reference;
        const action = operation === 'CREATE' ? 'create' : 'update';
        throw newAdmissionForbidden(
          request,
          `unable to ${action} WorkspaceType: no permission to bind to export ${path === '' ? '' : `${path}:`}${name}`,
        );
      }
    },
  };
}

/** The exports that a type names itself; those of types that it extends were asked for with these. */
function boundBy(type: KubeObject | undefined): readonly Reference[] {
  return objectsAt(objectAt(type, 'spec'), 'defaultAPIBindings').map((entry) => ({
    path: textAt(entry, 'path'),
    name: textAt(entry, 'export'),
  }));
}

/** The right is one in the workspace of the export; a path to nowhere gives none. */
async function mayBind(
  { paths, authorize }: { readonly paths: Paths; readonly authorize: Authorizer },
  request: AdmissionRequest,
  reads: AdmissionReads,
  { path, name }: Reference,
): Promise<boolean> {
  const cluster = path === '' ? request.cluster : paths.resolve(path)?.cluster;
  if (cluster === undefined) return false;
  const question = bindQuestion({ user: request.user, provider: cluster, name });
  const { verdict, reliesOn } = await authorize(question);
  reads.reliesOn.push(...reliesOn);
  return verdict === 'allow';
}
