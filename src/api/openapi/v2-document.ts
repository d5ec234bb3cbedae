import { type JsonObject, newObject, objectOf } from '../../machinery/mod.ts';
import type { ServedDefinition } from '../discovery-groups.ts';
import { collectComponents } from './components.ts';
import { kindObject, type Operation, pathParameterDescription, pathParameterNames } from './operation.ts';
import { allQueryParameters } from './query-parameters.ts';
import { securityDefinition, securityRequirement } from './security.ts';
import { v2Reference } from './v2-schema.ts';

/** The OpenAPI v2 (Swagger) document of a whole set: the given operations and every definition they need. */
export function v2Document(
  operations: readonly Operation[],
  served: readonly ServedDefinition[],
): JsonObject {
  return objectOf({
    swagger: '2.0',
    info: objectOf({ title: 'Kubernetes', version: 'unversioned' }),
    paths: pathsOf(operations),
    definitions: collectComponents({ operations, served, target: 'v2' }),
    parameters: sharedParameters(operations),
    securityDefinitions: objectOf({ BearerToken: securityDefinition() }),
    security: [securityRequirement()],
  });
}

function pathsOf(operations: readonly Operation[]): JsonObject {
  const paths = newObject();
  for (const operation of operations) {
    const item = (paths[operation.path] as JsonObject | undefined) ?? newPath(operation.path);
    item[operation.method] = operationObject(operation);
    paths[operation.path] = item;
  }
  return paths;
}

function newPath(path: string): JsonObject {
  const names = pathParameterNames(path);
  return objectOf({ parameters: names.length > 0 ? names.map(parameterReference) : undefined });
}

function operationObject(operation: Operation): JsonObject {
  const { body, kind } = operation;
  // One document holds all kinds here, so that repeating each parameter would make up most of it.
  const parameters = operation.queryParameters.map(({ name }) => parameterReference(name));
  if (body !== undefined) {
    const schema = v2Reference(body.component);
    parameters.push(
      objectOf({ name: 'body', in: 'body', required: body.isRequired ? true : undefined, schema }),
    );
  }
  return objectOf({
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.id,
    schemes: ['https'],
    consumes: body === undefined ? ['*/*'] : [...body.mediaTypes],
    produces: [...operation.produces],
    parameters: parameters.length > 0 ? parameters : undefined,
    responses: responsesOf(operation),
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': kind === undefined ? undefined : kindObject(kind),
  });
}

function responsesOf(operation: Operation): JsonObject {
  const responses = newObject();
  for (const { code, description, component } of operation.responses) {
    const schema = component === undefined ? undefined : v2Reference(component);
    responses[String(code)] = objectOf({ description, schema });
  }
  return responses;
}

function parameterReference(name: string): JsonObject {
  return objectOf({ $ref: `#/parameters/${name}` });
}

function sharedParameters(operations: readonly Operation[]): JsonObject {
  const parameters = newObject();
  const inPaths = new Set(operations.flatMap((operation) => pathParameterNames(operation.path)));
  for (const name of inPaths) {
    parameters[name] = objectOf({
      name,
      in: 'path',
      required: true,
      type: 'string',
      uniqueItems: true,
      description: pathParameterDescription(name),
    });
  }
  const inQueries = new Set(
    operations.flatMap((operation) => operation.queryParameters.map(({ name }) => name)),
  );
  for (const { name, type, description } of allQueryParameters()) {
    if (!inQueries.has(name)) continue;
    parameters[name] = objectOf({ name, in: 'query', type, uniqueItems: true, description });
  }
  return parameters;
}
