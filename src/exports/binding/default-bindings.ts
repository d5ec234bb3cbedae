import type { Api, Companion, Reads } from '../../api/mod.ts';
import type { LogicalCluster } from '../../base/mod.ts';
import { type KubeObject, objectAt, textAt } from '../../machinery/mod.ts';
import { bindingFor, isOfRoot } from './binding-for.ts';
import { assertRoomForBindings } from './binding-room.ts';
import { type DerivedBindings, derivedBindings } from './derived-bindings.ts';
import { type ExportReference, isLost } from './export-of-binding.ts';

/** What a logical cluster gets that binds some exports by default. */
export interface DefaultBindingsMade {
  /** Bindings of root's own exports, which are derived from the commit that makes the logical cluster. */
  readonly derived?: DerivedBindings;
  /** The others. */
  readonly companions: readonly Companion[];
  /** An export or a schema is missing, or names are taken: it is bound once that is over. */
  readonly isIncomplete: boolean;
}

/**
 * The bindings that a new logical cluster has by default, as far as their exports are there: nobody is asked whether they
 * may. What they rely on is noted by `reads`. Throws 403 when they are more than a logical cluster may have.
 */
export async function defaultBindings(
  api: Api,
  reads: Pick<Reads, 'read'>,
  request: {
    readonly cluster: LogicalCluster;
    readonly path: string;
    readonly exports: readonly ExportReference[];
  },
): Promise<DefaultBindingsMade> {
  assertRoomForBindings(request.exports.length);
  const ofRoot = request.exports.filter(isOfRoot);
  const derived = ofRoot.length === 0 ? undefined : await derivedBindings(api, reads, ofRoot);
  const companions = new Map<string, Companion>();
  const beside: KubeObject[] = [...(derived?.bindings ?? [])];
  let isIncomplete = false;
  for (const reference of request.exports) {
    if (derived !== undefined && isOfRoot(reference)) continue;
    // Nobody has trusted whoever may be there by now.
    if (isLost(api, request.cluster, reference)) {
      isIncomplete = true;
      continue;
    }
    const made = await bindingFor(api, reads, { ...request, reference, beside });
    beside.push(made.binding);
    for (const companion of made.companions) companions.set(companionText(companion), companion);
    isIncomplete ||= textAt(objectAt(made.binding, 'status'), 'phase') !== 'Bound';
  }
  const made = { companions: [...companions.values()], isIncomplete };
  return derived === undefined ? made : { ...made, derived };
}

function companionText({ mutation: { key } }: Companion): string {
  return [key.cluster, key.group, key.resource, key.name].join('\0');
}
