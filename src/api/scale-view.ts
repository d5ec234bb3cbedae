import {
  AccessorError,
  type DefinitionVersion,
  type FoundScale,
  type ScalePaths,
  scaleOf,
} from '../definitions/mod.ts';
import { type KubeObject, newInternalError, StatusError } from '../machinery/mod.ts';
import type { Target } from './target.ts';

/** The paths of a version's scale, when this is a request to that subresource. */
export function scalePathsOf(target: Target, version: DefinitionVersion): ScalePaths | undefined {
  return target.subresource === 'scale' ? version.scale : undefined;
}

/** The Scale of an object that somebody wants to see. Throws 500 when there is none to show. */
export function shownScale(object: KubeObject, paths: ScalePaths): KubeObject {
  const { scale, hasReplicas } = readScale(object, paths);
  if (hasReplicas) return scale;
  const message = `the spec replicas field ${JSON.stringify(paths.specReplicasPath)} does not exist`;
  throw newInternalError(message, undefined);
}

/** The Scale of an object. Throws a plain 500 where its fields are not what a Scale can hold. */
export function readScale(object: KubeObject, paths: ScalePaths): FoundScale {
  return asServerError(() => scaleOf(object, paths));
}

/** An object that is not what its scale needs is nobody's request's fault: upstream answers a plain 500. */
export function asServerError<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AccessorError)) throw error;
    throw new StatusError({ code: 500, reason: '', message: error.message });
  }
}
