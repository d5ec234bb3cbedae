import type { Api, Service, Services } from '../api/mod.ts';

/** What a member serves under `/services/`, by name: see `VirtualWorkspace`. */
export function memberServices(_api: Api): Services {
  return new Map<string, Service>([]);
}
