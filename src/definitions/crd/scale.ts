import { type KubeObject, newObject, objectOf } from '../../machinery/mod.ts';
import type { ScalePaths } from '../definition.ts';
import { integerAt, setNested, stringAt } from './nested-fields.ts';

/** The Scale of a custom resource, and whether it says at all how many replicas are wanted. */
export interface FoundScale {
  readonly scale: KubeObject;
  readonly hasReplicas: boolean;
}

/**
 * The autoscaling/v1 Scale of a custom resource (apiextensions' scaleFromCustomResource). Throws
 * `AccessorError` where the fields are not what a Scale can hold.
 */
export function scaleOf(object: KubeObject, paths: ScalePaths): FoundScale {
  const replicas = integerAt(object, paths.specReplicasPath);
  const statusReplicas = integerAt(object, paths.statusReplicasPath) ?? 0;
  const selector = paths.labelSelectorPath === undefined ? '' : stringAt(object, paths.labelSelectorPath);
  const metadata = newObject();
  for (const key of ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp']) {
    const value = object.metadata[key];
    if (value !== undefined) metadata[key] = value;
  }
  const scale = objectOf({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata,
    // As Go's typed Scale: zero is not printed in spec, but it is in status.
    spec: objectOf({
      replicas: replicas === undefined || Number(replicas) === 0 ? undefined : Number(replicas),
    }),
    status: objectOf({ replicas: Number(statusReplicas), selector: selector || undefined }),
  }) as KubeObject;
  return { scale, hasReplicas: replicas !== undefined };
}

/** Writes the wanted replicas into a custom resource, in place. Throws `AccessorError`. */
export function setReplicas(object: KubeObject, paths: ScalePaths, replicas: number): void {
  setNested(object, paths.specReplicasPath, replicas);
}
