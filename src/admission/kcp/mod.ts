/** kcp's plugins for kcp's kinds, as far as they look at nothing but the object and its logical cluster. */
import type { AdmissionPlugin } from '../chain.ts';
import { apiBindings } from './api-binding.ts';
import { apiConversions } from './api-conversion.ts';
import { apiExports } from './api-export.ts';
import { apiResourceSchemas } from './api-resource-schema.ts';
import { pathAnnotation } from './path-annotation.ts';
import { shards } from './shard.ts';
import { workspaceTypes } from './workspace-type.ts';

export const kcpPlugins: readonly AdmissionPlugin[] = [
  apiBindings,
  apiConversions,
  apiExports,
  apiResourceSchemas,
  pathAnnotation,
  shards,
  workspaceTypes,
];
