import { type JsonObject, objectOf } from '../../machinery/mod.ts';

/** How requests are authenticated; the same object in OpenAPI v2 and v3. */
export function securityDefinition(): JsonObject {
  return objectOf({
    type: 'apiKey',
    name: 'authorization',
    in: 'header',
    description: 'A bearer token in the Authorization header.',
  });
}

/** The requirement of {@link securityDefinition} for a whole document. */
export function securityRequirement(): JsonObject {
  return objectOf({ BearerToken: [] });
}
