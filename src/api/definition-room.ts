import { limits } from '../base/mod.ts';
import { CRD_GROUP, CRD_RESOURCE } from '../definitions/mod.ts';
import { encodeJson, isObject, type KubeObject, newForbidden, newObject } from '../machinery/mod.ts';
import type { Api } from './api.ts';
import { groupResource, type Resource } from './target.ts';

/**
 * Throws 403 when a CustomResourceDefinition, new or larger than it was (`oldBytes`), is one too many for its logical
 * cluster: discovery and OpenAPI documents are made of all of them. Definitions that come at the same moment do not
 * see each other, so that a few more may get in.
 */
export async function assertRoomForDefinition(
  api: Api,
  resource: Resource,
  change: { readonly object: KubeObject; readonly oldBytes: number | undefined },
): Promise<void> {
  const { definition, collection } = resource;
  if (definition.group !== CRD_GROUP || definition.names.plural !== CRD_RESOURCE) return;
  // A definition that has got in must be able to become established.
  if (resource.subresource === 'status') return;
  const { object, oldBytes } = change;
  const spec = object['spec'];
  const { group, versions } = isObject(spec) ? spec : newObject();
  if (Array.isArray(versions) && versions.length > limits.definitionVersionsMax) {
    throw refusal(resource, `a definition has at most ${limits.definitionVersionsMax} versions`);
  }
  const sizeBytes = encodeJson(object).length;
  if (oldBytes !== undefined && sizeBytes <= oldBytes) return;
  const countMax = limits.customResourceDefinitionsMax;
  const groupsMax = limits.customResourceGroupsMax;
  const bytesMax = limits.customResourceDefinitionsBytesMax;
  const snapshot = api.store.snapshot();
  try {
    const count = await snapshot.count({ collection }, countMax);
    if (oldBytes === undefined && count >= countMax) {
      throw refusal(resource, `a logical cluster has at most ${countMax} of them: delete one first`);
    }
    // Most clusters have so few that nothing has to be read.
    const mayBeLarge = sizeBytes > SMALL_BYTES && (count + 1) * limits.objectBytesMax > bytesMax;
    if (count < groupsMax && !mayBeLarge) return;
    let allBytes = sizeBytes - (oldBytes ?? 0);
    const groups = new Set(oldBytes === undefined && typeof group === 'string' ? [group] : []);
    for await (const batch of snapshot.list({ collection })) {
      for (const { key, row } of batch) {
        allBytes += row.json.length;
        groups.add(key.name.slice(key.name.indexOf('.') + 1));
      }
    }
    if (groups.size > groupsMax) {
      throw refusal(resource, `a logical cluster has them in at most ${groupsMax} groups`);
    }
    if (allBytes > bytesMax) {
      throw refusal(resource, `a logical cluster has at most ${bytesMax} bytes of them`);
    }
  } finally {
    snapshot.close();
  }
}

/** The bound on their number bounds the bytes of such definitions as well. */
const SMALL_BYTES = 16 * 1024;

function refusal(resource: Resource, reason: string): Error {
  return newForbidden(groupResource(resource), '', reason);
}
