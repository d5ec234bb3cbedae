import {
  APIS_GROUP,
  type ClusterQuestion,
  type Decision,
  decision,
  outside,
  type Question,
  type User,
} from '../../access/mod.ts';
import type { Api, Service, Sight, ViewedKind, VirtualWorkspace } from '../../api/mod.ts';
import { type ClusterScope, EVERYWHERE, type LogicalCluster, parseLogicalCluster } from '../../base/mod.ts';
import { claimantOf, type Definition, type DefinitionSet, definitionSet } from '../../definitions/mod.ts';
import { type KubeObject, objectAt, objectsAt, parseJson, textAt } from '../../machinery/mod.ts';
import { bindingsIn } from '../binding/mod.ts';
import { API_BINDINGS, API_RESOURCE_SCHEMAS, apisDefinition } from '../kcp-objects.ts';
import { announcedDefinition, READ_ONLY, withVerbs } from './viewed-definition.ts';
import { withWarrant } from './warrant.ts';

/** `/services/apiresourceschema/<logical cluster of a consumer>/clusters/…`. */
export function apiResourceSchemaService(api: Api): Service {
  return {
    view([segment = '']) {
      const cluster = parseLogicalCluster(segment);
      return cluster === undefined ? undefined : new ApiResourceSchemaView(api, cluster);
    },
  };
}

/**
 * The schemas that a consumer has bound, where their providers keep them: to be looked at by whoever may look at the
 * consumer's bindings, and by nobody to be changed.
 */
class ApiResourceSchemaView implements VirtualWorkspace {
  readonly name: string;
  readonly home: LogicalCluster;
  // The name of the consumer stands for all of its providers, as in kcp.
  readonly isEverywhereAtHome = true;
  readonly #api: Api;
  /** As they were when the request was admitted, which a watch is again and again. */
  #bound: readonly BoundSchema[] = [];
  #keys: ReadonlySet<string> = new Set();

  constructor(api: Api, consumer: LogicalCluster) {
    this.#api = api;
    this.home = consumer;
    this.name = `apiresourceschema/${consumer}`;
  }

  questions({ user }: Question): readonly ClusterQuestion[] {
    const kind = { group: APIS_GROUP, resource: API_BINDINGS, subresource: '', namespace: '', name: '' };
    return [{ user, cluster: this.home, verb: 'get', ...kind }];
  }

  async admit(request: Question): Promise<Decision> {
    if ('path' in request) return decision('allow', '');
    if (!(READ_ONLY as readonly string[]).includes(request.verb))
      return decision('deny', 'only read-only access is allowed to apiresourceschemas');
    const ground = [this.#api.access.groundOf(this.home)];
    this.#bound = await boundSchemas(this.#api, this.home);
    this.#keys = new Set(this.#bound.map(keyOf));
    const isProvider = this.#bound.some(({ cluster }) => cluster === request.cluster);
    return request.cluster === EVERYWHERE || isProvider
      ? decision('allow', '', ground)
      : outside('deny', 'nothing of it is bound');
  }

  userOf({ user, cluster }: ClusterQuestion): User {
    return withWarrant(user, cluster);
  }

  find(_cluster: ClusterScope, group: string, resource: string): ViewedKind | undefined {
    if (group !== APIS_GROUP || resource !== API_RESOURCE_SCHEMAS) return undefined;
    return { definition: schemaDefinition(), preconditions: [], sight: this.#sight() };
  }

  async kinds(): Promise<DefinitionSet> {
    return definitionSet([announcedDefinition(schemaDefinition())]);
  }

  #sight(): Sight {
    const clusters = [...new Set(this.#bound.map(({ cluster }) => cluster))].sort();
    return {
      text: `schemas bound in ${this.home}`,
      sees: (key) => this.#keys.has(keyOf(key)),
      async *clusters(_snapshot, after) {
        yield* after === undefined ? clusters : clusters.filter((cluster) => cluster > after);
      },
    };
  }
}

interface BoundSchema {
  readonly cluster: LogicalCluster;
  readonly name: string;
}

function keyOf({ cluster, name }: BoundSchema): string {
  return `${cluster}/${name}`;
}

async function boundSchemas(api: Api, consumer: LogicalCluster): Promise<readonly BoundSchema[]> {
  const schemas: BoundSchema[] = [];
  for (const { row } of await bindingsIn(api, consumer)) {
    const binding = parseJson(row.json).value as KubeObject;
    const cluster = claimantOf(binding)?.cluster as LogicalCluster | undefined;
    if (cluster === undefined) continue;
    for (const bound of objectsAt(objectAt(binding, 'status'), 'boundResources'))
      schemas.push({ cluster, name: textAt(objectAt(bound, 'schema'), 'name') });
  }
  return schemas;
}

function schemaDefinition(): Definition {
  return withVerbs(apisDefinition(API_RESOURCE_SCHEMAS), READ_ONLY);
}
