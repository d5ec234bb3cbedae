import { type JsonObject, newObject, objectOf } from '../../machinery/mod.ts';
import type { ServedDefinition } from '../discovery-groups.ts';
import { V3_PREFIX } from './component-names.ts';
import { collectComponents } from './components.ts';
import { kindObject, type Operation, pathParameterDescription, pathParameterNames } from './operation.ts';
import { securityDefinition, securityRequirement } from './security.ts';

/** One OpenAPI v3 document: the given operations and every component they need. */
export function v3Document(
  operations: readonly Operation[],
  served: readonly ServedDefinition[],
): JsonObject {
  const isCustom = served.length > 0 && served.every(({ definition }) => definition.origin === 'crd');
  return objectOf({
    openapi: '3.0.0',
    info: objectOf({ title: isCustom ? 'Kubernetes CRD Swagger' : 'Kubernetes', version: 'unversioned' }),
    paths: pathsOf(operations),
    components: objectOf({
      schemas: collectComponents({ operations, served, target: 'v3' }),
      securitySchemes: objectOf({ BearerToken: securityDefinition() }),
    }),
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
  const parameters = pathParameterNames(path).map((name) =>
    objectOf({
      name,
      in: 'path',
      required: true,
      description: pathParameterDescription(name),
      schema: objectOf({ type: 'string', uniqueItems: true }),
    }),
  );
  return objectOf({ parameters: parameters.length > 0 ? parameters : undefined });
}

function operationObject(operation: Operation): JsonObject {
  const { body, kind } = operation;
  // The parameters stand here rather than in the components, because kubectl looks for `fieldValidation`
  // on the operation, and not all versions of it follow references.
  const parameters = operation.queryParameters.map(({ name, type, description }) =>
    objectOf({ name, in: 'query', description, schema: objectOf({ type, uniqueItems: true }) }),
  );
  return objectOf({
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.id,
    parameters: parameters.length > 0 ? parameters : undefined,
    requestBody:
      body === undefined
        ? undefined
        : objectOf({
            required: body.isRequired ? true : undefined,
            content: contentOf(body.mediaTypes, body.component),
          }),
    responses: responsesOf(operation),
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': kind === undefined ? undefined : kindObject(kind),
  });
}

function responsesOf(operation: Operation): JsonObject {
  const responses = newObject();
  for (const { code, description, component } of operation.responses) {
    const content = component === undefined ? undefined : contentOf(operation.produces, component);
    responses[String(code)] = objectOf({ description, content });
  }
  return responses;
}

function contentOf(mediaTypes: readonly string[], component: string): JsonObject {
  const content = newObject();
  for (const mediaType of mediaTypes) {
    content[mediaType] = objectOf({ schema: objectOf({ $ref: `${V3_PREFIX}${component}` }) });
  }
  return content;
}
