import type { Definition, Subresource, Verb } from '../../definitions/mod.ts';
import type { ServedDefinition } from '../discovery-groups.ts';
import {
  componentOfForeignKind,
  componentOfKind,
  componentOfList,
  DELETE_OPTIONS,
  PATCH,
  STATUS,
} from './component-names.ts';
import {
  type Action,
  capitalized,
  type GroupVersionKind,
  JSON_TYPE,
  type Method,
  type Operation,
  type OperationBody,
  type OperationResponse,
  operationId,
  operationTag,
  PROTOBUF_TYPE,
  YAML_TYPE,
} from './operation.ts';
import { queryParametersOf } from './query-parameters.ts';

/** Everything that can be done with one kind in one version, on its collection, its objects and their parts. */
export function resourceOperations(served: ServedDefinition): Operation[] {
  const { definition, version } = served;
  const makeOperation = operationMaker(served);
  const operations: Operation[] = [];
  for (const verb of definition.verbs) operations.push(...(VERB_OPERATIONS[verb]?.(makeOperation) ?? []));
  if (definition.scope === 'Namespaced' && definition.verbs.includes('list')) {
    operations.push(makeOperation({ ...LIST, isForAllNamespaces: true }));
  }
  for (const part of version.subresources) {
    for (const verb of part.verbs) {
      const request = SUBRESOURCE_REQUESTS[verb];
      if (request !== undefined) operations.push(makeOperation({ ...request, part }));
    }
  }
  return operations;
}

/** What differs between the operations of one kind. */
interface OperationRequest {
  readonly method: Method;
  readonly action: Action;
  /** First word of the operationId. */
  readonly word: string;
  readonly phrase: string;
  readonly isOnCollection?: boolean;
  readonly isForAllNamespaces?: boolean;
  readonly part?: Subresource;
}

type MakeOperation = (request: OperationRequest) => Operation;

const LIST: OperationRequest = {
  method: 'get',
  action: 'list',
  word: 'list',
  phrase: 'Lists or watches objects of kind',
  isOnCollection: true,
};
const CREATE: OperationRequest = {
  method: 'post',
  action: 'post',
  word: 'create',
  phrase: 'Creates an object of kind',
  isOnCollection: true,
};
const DELETE_COLLECTION: OperationRequest = {
  method: 'delete',
  action: 'deletecollection',
  word: 'delete',
  phrase: 'Deletes all selected objects of kind',
  isOnCollection: true,
};
const READ: OperationRequest = { method: 'get', action: 'get', word: 'read', phrase: 'Reads the' };
const REPLACE: OperationRequest = { method: 'put', action: 'put', word: 'replace', phrase: 'Replaces the' };
const PATCH_ONE: OperationRequest = {
  method: 'patch',
  action: 'patch',
  word: 'patch',
  phrase: 'Changes parts of the',
};
const DELETE_ONE: OperationRequest = {
  method: 'delete',
  action: 'delete',
  word: 'delete',
  phrase: 'Deletes the',
};

const VERB_OPERATIONS: Readonly<Partial<Record<Verb, (make: MakeOperation) => Operation[]>>> = {
  list: (make) => [make(LIST)],
  create: (make) => [make(CREATE)],
  deletecollection: (make) => [make(DELETE_COLLECTION)],
  get: (make) => [make(READ)],
  update: (make) => [make(REPLACE)],
  patch: (make) => [make(PATCH_ONE)],
  delete: (make) => [make(DELETE_ONE)],
};

const SUBRESOURCE_REQUESTS: Readonly<Record<string, OperationRequest>> = {
  get: READ,
  update: REPLACE,
  patch: PATCH_ONE,
  create: { method: 'post', action: 'post', word: 'create', phrase: 'Creates the' },
};

/** Makes the operations of one kind: what is the same in all of them is worked out once. */
function operationMaker({ definition, version }: ServedDefinition): MakeOperation {
  const { group, names } = definition;
  const isNamespaced = definition.scope === 'Namespaced';
  const root = `${group === '' ? '/api' : `/apis/${group}`}/${version.name}`;
  const collection = isNamespaced
    ? `${root}/namespaces/{namespace}/${names.plural}`
    : `${root}/${names.plural}`;
  const kind: GroupVersionKind = { group, version: version.name, kind: names.kind };
  const isBuiltin = definition.origin === 'builtin';
  const component = componentOfKind(definition, version.name);
  const listComponent = componentOfList(definition, version.name);

  return (request) => {
    const { action, part } = request;
    // Upstream labels the parts of custom resources with the kind of their parent, scale too.
    const partKind = isBuiltin ? part?.kind : undefined;
    const bodyComponent = part?.kind === undefined ? component : componentOfForeignKind(part.kind);
    const body = requestBody(action, bodyComponent, definition.origin);
    return {
      path: pathOf(request, { root, collection, plural: names.plural }),
      method: request.method,
      id: operationId(request.word, { group, version: version.name }, idRest(request, definition)),
      tag: operationTag(group, version.name),
      description: describe(request, names.kind),
      action,
      kind: partKind ?? kind,
      queryParameters: queryParametersOf(action),
      ...(body === undefined ? {} : { body }),
      responses: responsesOf(action, action === 'list' ? listComponent : bodyComponent),
      produces: producedTypes(action, definition.origin),
    };
  };
}

function pathOf(
  request: OperationRequest,
  paths: { readonly root: string; readonly collection: string; readonly plural: string },
): string {
  if (request.isForAllNamespaces) return `${paths.root}/${paths.plural}`;
  if (request.isOnCollection) return paths.collection;
  const item = `${paths.collection}/{name}`;
  return request.part === undefined ? item : `${item}/${request.part.name}`;
}

function idRest(request: OperationRequest, definition: Definition): string {
  const { kind } = definition.names;
  if (request.isForAllNamespaces) return `${kind}ForAllNamespaces`;
  const scope = definition.scope === 'Namespaced' ? 'Namespaced' : '';
  const collection = request.action === 'deletecollection' ? 'Collection' : '';
  const part = request.part === undefined ? '' : capitalized(request.part.name);
  return `${collection}${scope}${kind}${part}`;
}

function describe(request: OperationRequest, kind: string): string {
  const part = request.part === undefined ? '' : ` ${request.part.name} of the`;
  const scope = request.isForAllNamespaces ? ' in all namespaces' : '';
  return `${request.phrase}${part} ${kind}${scope}.`;
}

function requestBody(
  action: Action,
  component: string,
  origin: Definition['origin'],
): OperationBody | undefined {
  const isBuiltin = origin === 'builtin';
  switch (action) {
    case 'post':
    case 'put':
      return { component, mediaTypes: isBuiltin ? ['*/*'] : [JSON_TYPE, YAML_TYPE], isRequired: true };
    case 'delete':
    case 'deletecollection':
      return {
        component: DELETE_OPTIONS,
        mediaTypes: isBuiltin ? ['*/*'] : [JSON_TYPE, YAML_TYPE],
        isRequired: false,
      };
    case 'patch':
      return { component: PATCH, mediaTypes: isBuiltin ? BUILTIN_PATCHES : CUSTOM_PATCHES, isRequired: true };
    case 'get':
    case 'list':
      return undefined;
  }
}

function producedTypes(action: Action, origin: Definition['origin']): string[] {
  const types = origin === 'builtin' ? [JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE] : [JSON_TYPE, YAML_TYPE];
  if (action !== 'list') return types;
  const streams = types.filter((type) => type !== YAML_TYPE).map((type) => `${type};stream=watch`);
  return [...types, ...streams];
}

// kubectl decides by this list whether it may send a strategic merge patch.
const CUSTOM_PATCHES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
];
const BUILTIN_PATCHES = [...CUSTOM_PATCHES, 'application/strategic-merge-patch+json'];

function responsesOf(action: Action, component: string): OperationResponse[] {
  const ok = { code: 200, description: 'OK', component };
  const created = { code: 201, description: 'Created', component };
  const unauthorized = { code: 401, description: 'Unauthorized' };
  switch (action) {
    case 'post':
      return [ok, created, { code: 202, description: 'Accepted', component }, unauthorized];
    case 'put':
    case 'patch':
      return [ok, created, unauthorized];
    case 'delete':
      return [
        { ...ok, component: STATUS },
        { code: 202, description: 'Accepted', component: STATUS },
        unauthorized,
      ];
    case 'deletecollection':
      return [{ ...ok, component: STATUS }, unauthorized];
    case 'get':
    case 'list':
      return [ok, unauthorized];
  }
}
