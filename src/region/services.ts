import type { Api, Service, Services } from '../api/mod.ts';
import { apiExportService, apiResourceSchemaService, viewClaims } from '../exports/mod.ts';
import { lifecycleServices } from '../workspaces/mod.ts';

/** What a member serves under `/services/`, by name: see `VirtualWorkspace`. */
export function memberServices(api: Api): Services {
  return new Map<string, Service>([
    ['apiexport', apiExportService(api, viewClaims(api))],
    ['apiresourceschema', apiResourceSchemaService(api)],
    ...lifecycleServices(api),
  ]);
}
