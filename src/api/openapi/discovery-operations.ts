import {
  API_GROUP,
  API_GROUP_LIST,
  API_RESOURCE_LIST,
  API_VERSIONS,
  VERSION_INFO,
} from './common-components.ts';
import { capitalized, JSON_TYPE, type Operation, operationId, operationTag, YAML_TYPE } from './operation.ts';

/** `GET /version/`. */
export function versionOperation(): Operation {
  return {
    ...readOperation('/version/', VERSION_INFO, 'Reads the version of the server.'),
    id: 'getCodeVersion',
    tag: 'version',
    produces: [JSON_TYPE],
  };
}

/** `GET /api/`. */
export function coreVersionsOperation(): Operation {
  return {
    ...readOperation('/api/', API_VERSIONS, 'Lists the versions of the core group.'),
    id: 'getCoreAPIVersions',
    tag: 'core',
  };
}

/** `GET /apis/`. */
export function groupsOperation(): Operation {
  return {
    ...readOperation('/apis/', API_GROUP_LIST, 'Lists the API groups.'),
    id: 'getAPIVersions',
    tag: 'apis',
  };
}

/** `GET /apis/<group>/`. */
export function groupOperation(group: string): Operation {
  return {
    ...readOperation(`/apis/${group}/`, API_GROUP, 'Reads the versions of this API group.'),
    id: operationId('get', { group }, 'APIGroup'),
    tag: operationTag(group),
  };
}

/** `GET /apis/<group>/<version>/` or `/api/<version>/`. */
export function resourcesOperation(group: string, version: string): Operation {
  const path = group === '' ? `/api/${version}/` : `/apis/${group}/${version}/`;
  return {
    ...readOperation(path, API_RESOURCE_LIST, 'Lists the resources of this group and version.'),
    id: operationId('get', { group, version }, 'APIResources'),
    tag: operationTag(group, version),
  };
}

function readOperation(path: string, component: string, description: string): Operation {
  return {
    path,
    method: 'get',
    id: `get${capitalized(component)}`,
    tag: '',
    description,
    queryParameters: [],
    responses: [
      { code: 200, description: 'OK', component },
      { code: 401, description: 'Unauthorized' },
    ],
    produces: [JSON_TYPE, YAML_TYPE],
  };
}
