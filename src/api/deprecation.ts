import { EVERYWHERE } from '../base/mod.ts';
import type { DefinitionVersion } from '../definitions/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { apiVersionOf, type Target } from './target.ts';

/**
 * Warns whoever uses a deprecated version of a custom resource, whatever the verb: with the definition's
 * own words, or with upstream's, which name the newest served version that is not deprecated, if one is newer.
 */
export function warnOfDeprecation(api: Api, target: Target, context: RequestContext): void {
  const { cluster, view, group: asked, resource } = target;
  // Of all logical clusters at once nobody knows which definition is meant.
  if (cluster === EVERYWHERE) return;
  const found =
    view === undefined ? api.registry.find(cluster, asked, resource) : view.find(cluster, asked, resource);
  if (found === undefined) return;
  const { group, names, versions } = found.definition;
  const used = versions.findIndex((version) => version.name === target.version);
  const version = versions[used];
  if (version === undefined || !version.served || version.deprecated !== true) return;
  if (version.deprecationWarning !== undefined) return context.warn(version.deprecationWarning);
  const print = ({ name }: DefinitionVersion) => `${apiVersionOf(group, name)} ${names.kind}`;
  // The versions are in the order of discovery: what is newer comes first.
  const newer = versions.slice(0, used).find((other) => other.served && other.deprecated !== true);
  context.warn(`${print(version)} is deprecated${newer === undefined ? '' : `; use ${print(newer)}`}`);
}
